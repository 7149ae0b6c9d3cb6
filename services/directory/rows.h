// The rows of the partition "directory". Values open with their format number, so that a newer program reads an older
// directory. One letter, then:
//   d name     domain                 A pattern  alias          r number  a piece of gateway.dat (in this order)
//   a id       account                w prefix   network        p         postmaster's address
//   g          the global gateway, and whether all received mail is forwarded
//   n address  -> account id          i          last account id (the engine's counter)
//   h id       hold                   H          last hold id, in digits
//   x who pattern NUL source  access row (who: an octet)
//   k domain NUL selector   DKIM key, without its private half
//   u domain NUL local part   relay recipient: the sources that list it
//   R id       what an account may send and get; id 0: all accounts
//   s id       suspension of an account
//   f id       forward of an account  l address  mailing list    m address NUL member   a member of it
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/directory/directory.h"
#include "services/directory/types.h"

namespace hikyaku::directory::rows {

[[nodiscard]] std::string domain_key(std::string_view name);
[[nodiscard]] std::string account_key(AccountId id);
[[nodiscard]] std::string address_key(const Address& address);
[[nodiscard]] std::string alias_key(std::string_view pattern);
[[nodiscard]] std::string route_key(std::uint32_t number);
[[nodiscard]] std::string network_key(std::string_view prefix);
inline constexpr std::string_view postmaster_key = "p", last_account_key = "i", forwarding_key = "g";
[[nodiscard]] std::string hold_key(std::uint64_t id);
[[nodiscard]] std::string access_key(const AccessRow& row);
inline constexpr std::string_view last_hold_key = "H";
[[nodiscard]] std::string dkim_key(std::string_view domain, std::string_view selector);
[[nodiscard]] std::string relay_recipient_key(std::string_view domain, std::string_view local_part);
[[nodiscard]] std::string relay_recipients_key(std::string_view domain);  // of all of them, the beginning
[[nodiscard]] std::string account_rules_key(AccountId account);
[[nodiscard]] std::string suspension_key(AccountId account);
[[nodiscard]] std::string forward_key(AccountId account);
[[nodiscard]] std::string list_key(std::string_view address);
[[nodiscard]] std::string members_key(std::string_view list);  // of all of them, the beginning
[[nodiscard]] std::string member_key(std::string_view list, std::string_view member);

[[nodiscard]] std::string encode(const Domain& domain);
[[nodiscard]] std::string encode(const Account& account);  // without its id: that is the key's
[[nodiscard]] std::string encode(const Alias& alias);
// The route table: pieces of whole lines, so that a large table is few rows.
[[nodiscard]] std::vector<std::string> encode_route_text(std::string_view text);
[[nodiscard]] std::string encode_forwarding(const std::optional<Route>& gateway, ForwardAll forward_all);
[[nodiscard]] std::string encode(const Network& network);
[[nodiscard]] std::string encode(const Hold& hold);  // without its id
[[nodiscard]] std::string encode(const AccessRow& row);  // without who and pattern
[[nodiscard]] std::string encode(const DkimKey& key);       // without domain and selector
[[nodiscard]] std::string encode(std::span<const RelayRecipient> of_user);  // a row of each source, without domain and local part
[[nodiscard]] std::string encode(const AccountRules& rules);  // without its account
[[nodiscard]] std::string encode(const Suspension& suspension);  // without its account
[[nodiscard]] std::string encode(const Forward& forward);   // without its account
[[nodiscard]] std::string encode(const MailingList& list);  // without its members
[[nodiscard]] std::string encode_member(std::string_view member);

// Adds what the row says to `contents`. False: unreadable (skipped and counted by the reader, never fatal).
[[nodiscard]] bool take_row(const storage::Row& row, Contents& contents);
// After the last row: what only the whole tells.
void finish(Contents& contents);

}  // namespace hikyaku::directory::rows
