// hikyaku domain import
#include <algorithm>
#include <map>

#include "apps/cli/access/directory_import.h"
#include "apps/cli/access/directory_text.h"
#include "apps/cli/commands.h"
#include "services/directory/address_text.h"

namespace hikyaku::cli {

namespace {

using directory::Domain;
using directory::DomainKind;
using directory::RecipientCheck;

// By tabs where there is one, else by spaces: "a b<TAB>local" names the domain "a b", which is none.
std::vector<std::string_view> words_of(std::string_view row) {
  const std::string_view between = row.find('\t') != std::string_view::npos ? "\t" : " ";
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at <= row.size();) {
    const auto end = std::min(row.find_first_of(between, at), row.size());
    auto word = row.substr(at, end - at);
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (!word.empty()) words.push_back(word);
    at = end + 1;
  }
  return words;
}

directory::DirectoryResult<Domain> domain_of(std::string_view row) {
  const auto words = words_of(directory::without_mark(row));
  const auto kind = domain_kind(words.size() < 2 ? "local" : words[1]);
  const bool asks = words.size() == 3 && words[2] == "ask";
  if (words.empty() || words.size() > 3 || (words.size() == 3 && !asks) || !kind || (asks && *kind == DomainKind::Local))
    return directory::refuse(directory::DirectoryFailure::BadValue, "the kind is local, relay or pass-unknown, and may be followed by ask where it is not local.");
  const auto name = directory::fold_domain(words[0]);
  if (!directory::is_domain(name) || name.starts_with('['))
    return directory::refuse(directory::DirectoryFailure::BadValue, "\"" + std::string(words[0]) + "\" is not a domain name; write one such as example.jp.");
  return Domain{name, *kind, asks ? RecipientCheck::Ask : RecipientCheck::Any};
}

enum class Took : std::uint8_t { Yes, ThereAlready };

// `there`: the domains so far, with those of the rows before.
directory::DirectoryResult<Took> add_row(const Invocation& call, directory::Editor& editor, std::map<std::string, Domain>& there, std::string_view row) {
  TRY(wanted, domain_of(row));
  if (const auto old = there.find(wanted.name); old != there.end()) {
    // Recipients that are listed are no part of these rows (see domain export).
    const bool same = old->second.kind == wanted.kind && (old->second.recipients == RecipientCheck::Ask) == (wanted.recipients == RecipientCheck::Ask);
    if (same) return Took::ThereAlready;
    return directory::refuse(directory::DirectoryFailure::AlreadyExists, "There is a domain " + wanted.name + " already; nothing was changed.");
  }
  if (!call.has("--dry-run")) {
    TRY_VOID(editor.add_domain(wanted.name, wanted.kind));
    if (wanted.recipients == RecipientCheck::Ask) TRY_VOID(editor.set_recipient_check(wanted.name, RecipientCheck::Ask));
  }
  there.emplace(wanted.name, wanted);
  return Took::Yes;
}

directory::DirectoryResult<Exit> work(Invocation& call, directory::Editor& editor, const std::string& text) {
  TRY(snapshot, editor.read());
  std::map<std::string, Domain> there;
  for (const auto& domain : snapshot->contents().domains) there.emplace(domain.name, domain);
  std::vector<directory::BadRow> refused;
  std::size_t taken = 0, there_already = 0;
  for (const auto& row : text_rows(text)) {
    auto added = add_row(call, editor, there, row.text);
    if (!added) refused.push_back({row.line, std::move(added.error().what)});
    else ++(*added == Took::Yes ? taken : there_already);
  }
  return report_import(call, taken, std::move(refused), there_already);
}

Exit run(Invocation& call) { return import_text(call, work); }

}  // namespace

Command domain_import_command() {
  return {.name = "domain import",
          .help = {"add the domains of a text: name TAB kind, and TAB ask", "テキストのドメインを追加する(名前 TAB 種別、TAB ask)"},
          .options = import_options(),
          .run = run};
}

}  // namespace hikyaku::cli
