#include "services/directory/import_export.h"

#include <algorithm>

#include "base/cursor.h"
#include "services/directory/address_text.h"

namespace hikyaku::directory {

namespace {

constexpr std::size_t most_bad_rows = 10'000;

// Calls `take` with each row that is neither empty nor a comment, its fields and its line number.
template <class Take>
void each_row(std::string_view text, Take take) {
  for (std::size_t line = 1; !text.empty(); ++line) {
    const auto end = text.find('\n');
    auto row = without_mark(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    while (row.ends_with('\r')) row.remove_suffix(1);
    if (row.empty() || row.front() == '#') continue;
    std::vector<std::string_view> fields;
    for (;;) {
      const auto tab = row.find('\t');
      fields.push_back(row.substr(0, tab));
      if (tab == std::string_view::npos || fields.size() > 20) break;
      row.remove_prefix(tab + 1);
    }
    take(line, fields);
  }
}

void reject(std::vector<BadRow>& bad, std::size_t line, std::string why) {
  if (bad.size() < most_bad_rows) bad.push_back({line, std::move(why)});
}

std::string_view field(const std::vector<std::string_view>& fields, std::size_t index) {
  return index < fields.size() ? fields[index] : std::string_view();
}

// "0", "1" or nothing given.
Result<Enabled, std::string> switch_field(std::string_view text, std::string_view name) {
  if (text.empty() || text == "1") return Enabled::Yes;
  if (text == "0") return Enabled::No;
  return failure("The " + std::string(name) + " field must be 0 or 1.");
}

Result<Editor::NewAccount, std::string> take_account(const std::vector<std::string_view>& fields, std::string_view domain) {
  Editor::NewAccount row;
  auto& account = row.account;
  auto name = std::string(field(fields, 0));
  const auto home = domain.empty() ? field(fields, 3) : domain;
  if (fields.size() > 10) return failure(std::string("The row has more than ten fields; check for a TAB too many."));
  if (name.find('@') == std::string::npos) name += '@' + std::string(home);
  const auto address = parse_address(name);
  if (!address || name.find_first_of(" *,") != std::string::npos)
    return failure("\"" + name + "\" is not an address; give the account's name and its domain.");
  account.address = *address;
  if (!domain.empty()) account.address.domain = fold_domain(domain);
  const auto secret = field(fields, 1);
  if (import_hash(secret)) row.hash = secret;
  else row.password = secret;
  if (std::ranges::any_of(secret, is_ctl)) return failure(std::string("The password has a control character in it."));
  account.full_name = field(fields, 2);
  TRY(smtp_auth, switch_field(field(fields, 5), "SMTPauth"));
  account.smtp_auth = smtp_auth;
  if (const auto size = field(fields, 7); !size.empty()) {
    Cursor in(size);
    const auto octets = parse_number(in, 1ULL << 50);
    if (!octets || !in.at_end()) return failure(std::string("The MailboxSize field must be a number of octets, 0 for no limit."));
    account.quota_octets = *octets;
  }
  TRY(pop3, switch_field(field(fields, 8), "POP3"));
  TRY(imap, switch_field(field(fields, 9), "IMAP4"));
  account.pop3 = pop3;
  account.imap = imap;
  return row;
}

// A TAB or a line end inside a field would make another row of it.
std::string plain(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, is_ctl, ' ');
  return out;
}

}  // namespace

ParsedAccounts parse_accounts(std::string_view text, std::string_view domain) {
  ParsedAccounts parsed;
  each_row(text, [&](std::size_t line, const std::vector<std::string_view>& fields) {
    if (equal_ignoring_case(fields[0], "Account") && equal_ignoring_case(field(fields, 1), "Pass")) return;  // a heading
    auto row = take_account(fields, domain);
    if (!row) return reject(parsed.bad, line, std::move(row).error());
    parsed.accounts.push_back(std::move(*row));
    parsed.lines.push_back(line);
  });
  return parsed;
}

std::string print_accounts(const std::vector<Account>& accounts) {
  std::string text;
  const auto flag = [](Enabled enabled) { return enabled == Enabled::Yes ? "1" : "0"; };
  for (const auto& account : accounts) {
    text += plain(account.address.local_part) + "\t\t" + plain(account.full_name) + '\t' + account.address.domain + "\t\t";
    text += flag(account.smtp_auth);
    text += "\t0\t" + std::to_string(account.quota_octets) + '\t';
    text += flag(account.pop3);
    text += '\t';
    text += flag(account.imap);
    text += '\n';
  }
  return text;
}

ParsedAliases parse_aliases(std::string_view text) {
  ParsedAliases parsed;
  each_row(text, [&](std::size_t line, const std::vector<std::string_view>& fields) {
    if (fields.size() != 2 || fields[1].empty())
      return reject(parsed.bad, line, "An alias row has two fields with a TAB between; write alias TAB real address.");
    auto pattern = normal_alias_pattern(fields[0]);
    if (!pattern) return reject(parsed.bad, line, std::move(pattern).error().what);
    if (!parse_address(fields[1]) || fields[1].find_first_of(" *,") != std::string_view::npos)
      return reject(parsed.bad, line, "\"" + std::string(fields[1]) + "\" is not an address; both sides need a domain.");
    parsed.aliases.push_back({std::move(*pattern), {std::string(fields[1])}});
    parsed.lines.push_back(line);
  });
  return parsed;
}

std::string print_aliases(const std::vector<Alias>& aliases) {
  std::string text;
  for (const auto& alias : aliases)
    for (const auto& target : alias.targets) text += alias.pattern + '\t' + target + '\n';
  return text;
}

namespace {

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  for (Cursor in(text); !in.at_end();) {
    auto part = in.take_while([](char c) { return c != ','; });
    in.take(',');
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

std::string join_list(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

}  // namespace

ParsedForwards parse_forwards(std::string_view text) {
  ParsedForwards parsed;
  each_row(text, [&](std::size_t line, const std::vector<std::string_view>& fields) {
    if (fields.size() < 2 || fields.size() > 4)
      return reject(parsed.bad, line, "A forward has two to four fields with TABs between: account, targets, keep (1 or 0), senders.");
    Editor::NewForward row{std::string(fields[0]), {}};
    row.forward.targets = split_list(fields[1]);
    row.forward.only_from = split_list(field(fields, 3));
    const auto keep = switch_field(field(fields, 2), "keep");
    if (!keep) return reject(parsed.bad, line, keep.error());
    row.forward.keep = *keep == Enabled::Yes ? KeepCopy::Yes : KeepCopy::No;
    parsed.forwards.push_back(std::move(row));
    parsed.lines.push_back(line);
  });
  return parsed;
}

std::string print_forwards(const Snapshot& directory) {
  std::string text;
  for (const auto& account : directory.contents().accounts)
    if (const auto* forward = directory.forward(account.id))
      text += fold(account.address) + '\t' + join_list(forward->targets) + '\t' + (forward->keep == KeepCopy::Yes ? "1" : "0") + '\t' + join_list(forward->only_from) + '\n';
  return text;
}

ParsedMembers parse_members(std::string_view text) {
  ParsedMembers parsed;
  each_row(text, [&](std::size_t line, const std::vector<std::string_view>& fields) {
    auto member = fields[0];
    if (const auto open = member.rfind('<'); open != std::string_view::npos && member.ends_with('>')) member = member.substr(open + 1, member.size() - open - 2);
    while (member.starts_with(' ')) member.remove_prefix(1);
    while (member.ends_with(' ')) member.remove_suffix(1);
    if (member.empty()) return;
    if (!parse_address(member) || member.find_first_of(" *,") != std::string_view::npos)
      return reject(parsed.bad, line, "\"" + std::string(member) + "\" is not an address; write user@domain.");
    parsed.members.emplace_back(member);
  });
  return parsed;
}

}  // namespace hikyaku::directory
