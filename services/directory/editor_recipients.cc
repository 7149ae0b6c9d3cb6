// Relay domains' recipients, as the editor changes them.
#include <algorithm>
#include <span>

#include "services/directory/address_text.h"
#include "services/directory/editor.h"
#include "services/directory/relay_recipients.h"
#include "services/directory/rows.h"

namespace hikyaku::directory {
namespace {

constexpr std::size_t rows_a_commit = 2'000;

DirectoryResult<const Domain*> inner_domain(const Snapshot& snapshot, std::string_view name) {
  const auto* domain = snapshot.domain(name);
  if (!domain) return refuse(DirectoryFailure::NotFound, "There is no domain " + std::string(name) + "; add it with: hikyaku domain add --relay " + std::string(name));
  if (domain->kind == DomainKind::Local)
    return refuse(DirectoryFailure::BadValue, domain->name + " is a local domain: its users are its accounts and aliases; see: hikyaku account list");
  return domain;
}

std::size_t listed_of(const Snapshot& snapshot, const std::string& domain) { return snapshot.relay_recipients(domain).size(); }

}  // namespace

DirectoryResult<> Editor::set_recipient_check(std::string_view name, RecipientCheck check) {
  return edit([&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
    TRY(domain, inner_domain(snapshot, name));
    if (check == RecipientCheck::List && listed_of(snapshot, domain->name) == 0)
      return refuse(DirectoryFailure::BadValue, "The list of " + domain->name + " is empty, and all its mail would be refused; import it first: hikyaku domain recipients import " + domain->name + " FILE");
    Domain changed = *domain;
    changed.recipients = check;
    return Changes{storage::Put{rows::domain_key(changed.name), rows::encode(changed)}};
  });
}

DirectoryResult<Editor::MembersChanged> Editor::add_relay_recipients(std::string_view name, const std::vector<std::string>& addresses, const std::string& source, WallTime now, Run run) {
  if (source.empty() || source.size() > longest_recipient_source || std::ranges::any_of(source, [](char c) { return static_cast<unsigned char>(c) < ' '; }))
    return refuse(DirectoryFailure::BadValue, "The source has no name, or one of more than 100 octets; give one with --source.");
  MembersChanged changed;
  for (std::size_t from = 0; from < addresses.size(); from += rows_a_commit) {
    const std::span part(addresses.data() + from, std::min(rows_a_commit, addresses.size() - from));
    MembersChanged of_part;
    const auto decide = [&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
      of_part = {};
      TRY(domain, inner_domain(snapshot, name));
      if (snapshot.contents().relay_recipients.size() + part.size() > most_relay_recipients)
        return refuse(DirectoryFailure::BadValue, "There would be more than 500,000 recipients; let the inner server be asked: hikyaku domain recipients mode " + domain->name + " ask");
      Changes changes;
      for (const auto& text : part) {
        auto address = normal_relay_recipient(text, domain->name);
        if (!address) return refuse(DirectoryFailure::BadValue, std::move(address).error());
        const RelayRecipient row{domain->name, address->substr(0, address->rfind('@')), source, now};
        if (const auto* there = snapshot.relay_recipient(row.domain, row.local_part); there != nullptr && there->source == source) {
          of_part.unchanged.push_back(*std::move(address));
          continue;
        }
        ++of_part.added;
        changes.emplace_back(storage::Put{rows::relay_recipient_key(row.domain, row.local_part), rows::encode(row)});
      }
      return changes;
    };
    if (run == Run::Really) {
      TRY_VOID(edit(decide));
    } else {
      TRY(snapshot, read());
      TRY_VOID(decide(*snapshot));
    }
    changed.added += of_part.added;
    std::ranges::move(of_part.unchanged, std::back_inserter(changed.unchanged));
  }
  return changed;
}

DirectoryResult<std::size_t> Editor::remove_relay_recipients(std::string_view name, const std::function<bool(const RelayRecipient&)>& selects, Run run) {
  for (std::size_t removed = 0;;) {
    std::size_t now = 0;
    const auto decide = [&](const Snapshot& snapshot) -> DirectoryResult<Changes> {
      TRY(domain, inner_domain(snapshot, name));
      const auto listed = snapshot.relay_recipients(domain->name);
      const auto all = static_cast<std::size_t>(std::ranges::count_if(listed, selects));
      if (domain->recipients == RecipientCheck::List && all > 0 && all == listed.size())
        return refuse(DirectoryFailure::InUse, "Nobody of " + domain->name + " would be left, and all its mail be refused; switch the check first: hikyaku domain recipients mode " + domain->name + " any");
      Changes changes;
      for (const auto& row : listed)
        if (selects(row) && (run == Run::Dry || changes.size() < rows_a_commit)) changes.emplace_back(storage::Erase{rows::relay_recipient_key(row.domain, row.local_part)});
      now = changes.size();
      return changes;
    };
    if (run == Run::Dry) {
      TRY(snapshot, read());
      TRY_VOID(decide(*snapshot));
      return now;
    }
    TRY_VOID(edit(decide));
    removed += now;
    if (now < rows_a_commit) return removed;
  }
}

}  // namespace hikyaku::directory
