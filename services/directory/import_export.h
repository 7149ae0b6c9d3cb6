// The directory as text: E-Post's account and alias tables (TAB between fields, LF or CRLF between rows) and
// gateway.dat (routes.h). Rows that cannot be taken are reported by their line number and skipped. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "services/directory/editor.h"
#include "services/directory/gateway_text.h"

namespace hikyaku::directory {

// Account TAB Pass TAB Fullname TAB Domain TAB Homefolder TAB SMTPauth TAB APOP TAB MailboxSize TAB POP3 TAB IMAP4
// (E-Post FAQ B 01-88). Fields may be missing at a row's end. Homefolder and APOP have no meaning here. A Pass that
// begins with '$' and is a known hash is taken as one. `domain`, when given, overrides the Domain column, as in E-Post.
struct ParsedAccounts {
  std::vector<Editor::NewAccount> accounts;
  std::vector<std::size_t> lines;  // of each account
  std::vector<BadRow> bad;
};
[[nodiscard]] ParsedAccounts parse_accounts(std::string_view text, std::string_view domain);
// The same layout. Passwords are not kept in clear, so the column is empty.
[[nodiscard]] std::string print_accounts(const std::vector<Account>& accounts);

// Alias TAB Real, both with a domain. Several rows of one alias add up.
struct ParsedAliases {
  std::vector<Alias> aliases;
  std::vector<std::size_t> lines;
  std::vector<BadRow> bad;
};
[[nodiscard]] ParsedAliases parse_aliases(std::string_view text);
[[nodiscard]] std::string print_aliases(const std::vector<Alias>& aliases);

// Account TAB targets TAB keep (1 or 0) TAB senders, both lists with commas. Without the third field a copy is kept.
struct ParsedForwards {
  std::vector<Editor::NewForward> forwards;
  std::vector<std::size_t> lines;
  std::vector<BadRow> bad;
};
[[nodiscard]] ParsedForwards parse_forwards(std::string_view text);
[[nodiscard]] std::string print_forwards(const Snapshot& directory);

// One address a row, alone or as "Name <address>"; '#' begins a comment.
struct ParsedMembers {
  std::vector<std::string> members;
  std::vector<BadRow> bad;
};
[[nodiscard]] ParsedMembers parse_members(std::string_view text);

}  // namespace hikyaku::directory
