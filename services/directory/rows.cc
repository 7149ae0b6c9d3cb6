#include "services/directory/rows.h"

#include <algorithm>

#include "base/cursor.h"
#include "base/wire.h"
#include "services/directory/address_text.h"
#include "services/directory/gateway_text.h"

namespace hikyaku::directory::rows {

namespace {

constexpr std::uint8_t format = 1, route_text_format = 2;
constexpr std::size_t route_piece_octets = 32 << 10;

std::string number_key(char kind, std::uint64_t number, int octets) {
  std::string key(1, kind);
  for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8) key += static_cast<char>(number >> shift & 0xff);
  return key;
}

std::uint8_t octet(Enabled enabled) { return enabled == Enabled::Yes ? 1 : 0; }
Enabled enabled(std::uint8_t octet) { return octet != 0 ? Enabled::Yes : Enabled::No; }

bool take_domain(WireReader& in, std::string_view name, Contents& contents) {
  const auto kind = in.u8();
  const std::uint8_t check = in.complete() ? 0 : in.u8();  // older rows end before
  if (!in.complete() || kind > static_cast<std::uint8_t>(DomainKind::LocalPassUnknown) || check > static_cast<std::uint8_t>(RecipientCheck::Ask)) return false;
  contents.domains.push_back({std::string(name), static_cast<DomainKind>(kind), static_cast<RecipientCheck>(check)});
  return true;
}

bool take_account(WireReader& in, std::string_view id, Contents& contents) {
  Account account;
  std::uint64_t number = 0;
  for (const char c : id) number = number << 8 | static_cast<unsigned char>(c);
  account.id = AccountId{number};
  account.address.local_part = in.text();
  account.address.domain = in.text();
  account.full_name = in.text();
  for (Enabled* flag : {&account.enabled, &account.admin, &account.pop3, &account.imap, &account.smtp_auth})
    *flag = enabled(in.u8());
  account.quota_octets = in.u64();
  account.quota_messages = in.u64();
  if (!in.complete() || id.size() != 8) return false;
  contents.accounts.push_back(std::move(account));
  return true;
}

bool take_alias(WireReader& in, std::string_view pattern, Contents& contents) {
  Alias alias{std::string(pattern), {}};
  for (auto count = in.varint(); count > 0 && !in.broken(); --count) alias.targets.emplace_back(in.text());
  if (!in.complete()) return false;
  contents.aliases.push_back(std::move(alias));
  return true;
}

// The first format had one row of the table in each: pattern, host, port.
bool take_old_route(WireReader& in, Contents& contents) {
  Route route;
  route.pattern = in.text();
  route.hosts.push_back({std::string(in.text()), 0});
  route.hosts.back().port = static_cast<std::uint16_t>(in.u32());
  if (!in.complete()) return false;
  contents.route_text += print_route(route) + '\n';
  return true;
}

bool take_route_text(WireReader& in, Contents& contents) {
  const auto text = in.text();
  if (!in.complete()) return false;
  contents.route_text += text;
  return true;
}

bool take_forwarding(WireReader& in, Contents& contents) {
  const auto forward_all = in.u8();
  const auto gateway = in.text();
  if (!in.complete()) return false;
  contents.forward_all = forward_all != 0 ? ForwardAll::Yes : ForwardAll::No;
  if (gateway.empty()) return true;
  auto route = parse_gateway(gateway);
  if (route) contents.gateway = std::move(*route);
  return route.has_value();
}

bool take_network(WireReader& in, std::string_view prefix, Contents& contents) {
  Network network{std::string(prefix)};
  network.relay = enabled(in.u8());
  network.auth_without_tls = enabled(in.u8());
  if (!in.complete()) return false;
  contents.networks.push_back(std::move(network));
  return true;
}

std::uint64_t as_number(WallTime time) { return static_cast<std::uint64_t>(time.time_since_epoch().count()); }
WallTime as_time(std::uint64_t number) { return WallTime{std::chrono::microseconds{static_cast<std::int64_t>(number)}}; }

bool take_hold(WireReader& in, std::string_view id, Contents& contents) {
  Hold hold;
  for (const char c : id) hold.id = hold.id << 8 | static_cast<unsigned char>(c);
  const auto scope = in.u8(), action = in.u8();
  hold.scope = static_cast<HoldScope>(scope);
  hold.action = static_cast<HoldAction>(action);
  for (auto* text : {&hold.pattern, &hold.reason, &hold.owner, &hold.other_route}) *text = in.text();
  for (auto* time : {&hold.created, &hold.start, &hold.end}) *time = as_time(in.u64());
  const bool known = scope <= static_cast<std::uint8_t>(last_hold_scope) && action <= static_cast<std::uint8_t>(HoldAction::Refuse);
  if (!in.complete() || !known || id.size() != 8) return false;
  contents.holds.push_back(std::move(hold));
  return true;
}

// The key is domain, NUL, selector.
bool take_dkim_key(WireReader& in, std::string_view rest, Contents& contents) {
  DkimKey key;
  const auto between = rest.find('\0');
  if (between == std::string_view::npos) return false;
  key.domain = rest.substr(0, between);
  key.selector = rest.substr(between + 1);
  const auto algorithm = in.u8(), stage = in.u8(), takes_over = in.u8();
  key.algorithm = static_cast<dkim::Algorithm>(algorithm);
  key.stage = static_cast<DkimStage>(stage);
  key.takes_over = static_cast<TakesOver>(takes_over);
  for (auto* text : {&key.name, &key.public_octets}) *text = in.text();
  for (auto* time : {&key.created, &key.published, &key.activated, &key.retired}) *time = as_time(in.u64());
  const bool known = algorithm <= static_cast<std::uint8_t>(dkim::Algorithm::Ed25519Sha256) && stage <= static_cast<std::uint8_t>(DkimStage::Retired) &&
                     takes_over <= static_cast<std::uint8_t>(TakesOver::WhenPublished);
  if (!in.complete() || !known) return false;
  contents.dkim_keys.push_back(std::move(key));
  return true;
}

void put_texts(WireWriter& out, const std::vector<std::string>& texts) {
  out.varint(texts.size());
  for (const auto& text : texts) out.text(text);
}

std::vector<std::string> take_texts(WireReader& in) {
  std::vector<std::string> texts;
  for (auto count = in.varint(); count > 0 && !in.broken(); --count) texts.emplace_back(in.text());
  return texts;
}

bool take_forward(WireReader& in, std::string_view id, Contents& contents) {
  Forward forward;
  std::uint64_t number = 0;
  for (const char c : id) number = number << 8 | static_cast<unsigned char>(c);
  forward.account = AccountId{number};
  forward.keep = in.u8() != 0 ? KeepCopy::Yes : KeepCopy::No;
  forward.targets = take_texts(in);
  forward.only_from = take_texts(in);
  if (!in.complete() || id.size() != 8) return false;
  contents.forwards.push_back(std::move(forward));
  return true;
}

bool take_suspension(WireReader& in, std::string_view id, Contents& contents) {
  Suspension one;
  std::uint64_t number = 0;
  for (const char c : id) number = number << 8 | static_cast<unsigned char>(c);
  one.account = AccountId{number};
  one.in_force = enabled(in.u8());
  one.since = as_time(in.u64());
  for (auto* text : {&one.by, &one.why}) *text = in.text();
  one.hold = in.u64();
  one.sessions_end = as_time(in.u64());
  one.released = as_time(in.u64());
  if (!in.complete() || id.size() != 8) return false;
  contents.suspensions.push_back(std::move(one));
  return true;
}

bool take_list(WireReader& in, std::string_view address, Contents& contents) {
  MailingList list;
  list.address = address;
  const auto posting = in.u8();
  list.posting = static_cast<Posting>(posting);
  list.reply_to_list = enabled(in.u8());
  for (auto* text : {&list.about, &list.bounces, &list.subject_prefix}) *text = in.text();
  list.posters = take_texts(in);
  list.owners = take_texts(in);
  if (!in.complete() || posting > static_cast<std::uint8_t>(Posting::Moderators)) return false;
  contents.lists.push_back(std::move(list));
  return true;
}

bool take_access(WireReader& in, std::string_view rest, Contents& contents) {
  if (rest.empty() || static_cast<unsigned char>(rest[0]) > static_cast<unsigned char>(AccessWho::Recipient)) return false;
  const auto end = rest.find('\0', 1);
  if (end == std::string_view::npos) return false;
  AccessRow row{.who = static_cast<AccessWho>(rest[0]), .pattern = std::string(rest.substr(1, end - 1)), .source = std::string(rest.substr(end + 1))};
  const auto action = in.u8();
  row.action = static_cast<AccessAction>(action);
  row.note = in.text();
  row.added = as_time(in.u64());
  row.expires = as_time(in.u64());
  if (!in.complete() || action > static_cast<std::uint8_t>(AccessAction::Refuse)) return false;
  contents.access.push_back(std::move(row));
  return true;
}

std::vector<RuleRow> take_rule_rows(WireReader& in) {
  std::vector<RuleRow> rows;
  for (auto count = in.varint(); count > 0 && !in.broken(); --count) {
    std::string who(in.text());
    rows.push_back({std::move(who), in.u8() != 0 ? MayPass::Yes : MayPass::No});
  }
  return rows;
}

bool take_account_rules(WireReader& in, std::string_view id, Contents& contents) {
  AccountRules rules;
  std::uint64_t number = 0;
  for (const char c : id) number = number << 8 | static_cast<unsigned char>(c);
  rules.account = AccountId{number};
  rules.from = take_rule_rows(in);
  rules.to = take_rule_rows(in);
  for (auto* text : {&rules.hours_in, &rules.hours_out}) *text = in.text();
  for (auto* octets : {&rules.most_octets_in, &rules.most_octets_out}) *octets = in.u64();
  rules.most_recipients = in.u32();
  if (!in.complete() || id.size() != 8) return false;
  contents.account_rules.push_back(std::move(rules));
  return true;
}

// Keys are in the order of domains and local parts. One row for each source that lists the user.
bool take_relay_recipient(WireReader& in, std::string_view rest, Contents& contents) {
  const auto between = rest.find('\0');
  if (between == std::string_view::npos) return false;
  do {
    std::string source(in.text());
    const auto added = as_time(in.u64());
    if (in.broken()) return false;
    contents.relay_recipients.push_back({std::string(rest.substr(0, between)), std::string(rest.substr(between + 1)), std::move(source), added});
  } while (!in.complete());
  return true;
}

// Lists come before members in the order of keys, and both in the order of the lists' addresses.
bool take_member(WireReader& in, std::string_view rest, Contents& contents) {
  const auto address = rest.substr(0, rest.find('\0'));
  std::string member(in.text());
  const auto list = std::ranges::lower_bound(contents.lists, address, {}, [](const MailingList& one) { return std::string_view(one.address); });
  if (!in.complete() || list == contents.lists.end() || list->address != address) return false;
  list->members.push_back(std::move(member));
  return true;
}

}  // namespace

std::string domain_key(std::string_view name) { return "d" + fold_domain(name); }
std::string account_key(AccountId id) { return number_key('a', id.value(), 8); }
std::string address_key(const Address& address) { return "n" + fold(address); }
std::string alias_key(std::string_view pattern) { return "A" + fold_pattern(pattern); }
std::string route_key(std::uint32_t number) { return number_key('r', number, 4); }
std::string hold_key(std::uint64_t id) { return number_key('h', id, 8); }
std::string access_key(const AccessRow& row) { return std::string("x") + static_cast<char>(row.who) + row.pattern + '\0' + row.source; }
std::string network_key(std::string_view prefix) { return "w" + std::string(prefix); }

std::string dkim_key(std::string_view domain, std::string_view selector) { return "k" + std::string(domain) + '\0' + std::string(selector); }
std::string relay_recipients_key(std::string_view domain) { return "u" + std::string(domain) + '\0'; }
std::string relay_recipient_key(std::string_view domain, std::string_view local_part) { return relay_recipients_key(domain) + std::string(local_part); }
std::string account_rules_key(AccountId account) { return number_key('R', account.value(), 8); }
std::string forward_key(AccountId account) { return number_key('f', account.value(), 8); }
std::string suspension_key(AccountId account) { return number_key('s', account.value(), 8); }
std::string list_key(std::string_view address) { return "l" + fold_pattern(address); }
std::string members_key(std::string_view list) { return "m" + fold_pattern(list) + '\0'; }
std::string member_key(std::string_view list, std::string_view member) { return members_key(list) + fold_pattern(member); }

std::string encode(const Domain& domain) {
  WireWriter out;
  out.u8(format).u8(static_cast<std::uint8_t>(domain.kind));
  if (domain.recipients != RecipientCheck::Any) out.u8(static_cast<std::uint8_t>(domain.recipients));
  return std::move(out).bytes();
}

std::string encode(const Account& account) {
  WireWriter out;
  out.u8(format).text(account.address.local_part).text(account.address.domain).text(account.full_name);
  for (const Enabled flag : {account.enabled, account.admin, account.pop3, account.imap, account.smtp_auth}) out.u8(octet(flag));
  out.u64(account.quota_octets).u64(account.quota_messages);
  return std::move(out).bytes();
}

std::string encode(const Alias& alias) {
  WireWriter out;
  out.u8(format).varint(alias.targets.size());
  for (const auto& target : alias.targets) out.text(target);
  return std::move(out).bytes();
}

std::vector<std::string> encode_route_text(std::string_view text) {
  std::vector<std::string> rows;
  while (!text.empty()) {
    auto end = text.size();
    if (end > route_piece_octets) {
      end = text.rfind('\n', route_piece_octets);
      if (end == std::string_view::npos) end = text.find('\n');
      end = end == std::string_view::npos ? text.size() : end + 1;
    }
    rows.push_back(WireWriter{}.u8(route_text_format).text(text.substr(0, end)).bytes());
    text.remove_prefix(end);
  }
  return rows;
}

std::string encode_forwarding(const std::optional<Route>& gateway, ForwardAll forward_all) {
  return WireWriter{}.u8(format).u8(forward_all == ForwardAll::Yes ? 1 : 0).text(gateway ? print_target(*gateway) : "").bytes();
}

std::string encode(const Network& network) {
  return WireWriter{}.u8(format).u8(octet(network.relay)).u8(octet(network.auth_without_tls)).bytes();
}

std::string encode(const Hold& hold) {
  WireWriter out;
  out.u8(format).u8(static_cast<std::uint8_t>(hold.scope)).u8(static_cast<std::uint8_t>(hold.action));
  for (const auto* text : {&hold.pattern, &hold.reason, &hold.owner, &hold.other_route}) out.text(*text);
  for (const auto time : {hold.created, hold.start, hold.end}) out.u64(as_number(time));
  return std::move(out).bytes();
}

std::string encode(const Suspension& one) {
  WireWriter out;
  out.u8(format).u8(octet(one.in_force)).u64(as_number(one.since)).text(one.by).text(one.why).u64(one.hold).u64(as_number(one.sessions_end)).u64(as_number(one.released));
  return std::move(out).bytes();
}

std::string encode(const DkimKey& key) {
  WireWriter out;
  out.u8(format).u8(static_cast<std::uint8_t>(key.algorithm)).u8(static_cast<std::uint8_t>(key.stage)).u8(static_cast<std::uint8_t>(key.takes_over));
  out.text(key.name).text(key.public_octets);
  for (const auto time : {key.created, key.published, key.activated, key.retired}) out.u64(as_number(time));
  return std::move(out).bytes();
}

std::string encode(const Forward& forward) {
  WireWriter out;
  out.u8(format).u8(forward.keep == KeepCopy::Yes ? 1 : 0);
  put_texts(out, forward.targets);
  put_texts(out, forward.only_from);
  return std::move(out).bytes();
}

std::string encode(const MailingList& list) {
  WireWriter out;
  out.u8(format).u8(static_cast<std::uint8_t>(list.posting)).u8(octet(list.reply_to_list));
  for (const auto* text : {&list.about, &list.bounces, &list.subject_prefix}) out.text(*text);
  put_texts(out, list.posters);
  put_texts(out, list.owners);
  return std::move(out).bytes();
}

std::string encode(const AccessRow& row) {
  WireWriter out;
  out.u8(format).u8(static_cast<std::uint8_t>(row.action)).text(row.note).u64(as_number(row.added)).u64(as_number(row.expires));
  return std::move(out).bytes();
}

std::string encode(const AccountRules& rules) {
  WireWriter out;
  out.u8(format);
  for (const auto* rows : {&rules.from, &rules.to}) {
    out.varint(rows->size());
    for (const auto& row : *rows) out.text(row.who).u8(row.may == MayPass::Yes ? 1 : 0);
  }
  out.text(rules.hours_in).text(rules.hours_out).u64(rules.most_octets_in).u64(rules.most_octets_out).u32(rules.most_recipients);
  return std::move(out).bytes();
}

std::string encode(std::span<const RelayRecipient> of_user) {
  WireWriter out;
  out.u8(format);
  for (const auto& row : of_user) out.text(row.source).u64(as_number(row.added));
  return std::move(out).bytes();
}

std::string encode_member(std::string_view member) { return WireWriter{}.u8(format).text(member).bytes(); }

bool take_row(const storage::Row& row, Contents& contents) {
  if (row.key.empty()) return false;
  const auto rest = std::string_view(row.key).substr(1);
  if (row.key == postmaster_key) return contents.postmaster = row.value, true;
  if (row.key.front() == 'n' || row.key == last_account_key || row.key == last_hold_key) return true;
  WireReader in(row.value);
  const auto written = in.u8();
  if (row.key.front() == 'r' && written == route_text_format) return take_route_text(in, contents);
  if (written != format) return false;
  switch (row.key.front()) {
    case 'd': return take_domain(in, rest, contents);
    case 'a': return take_account(in, rest, contents);
    case 'A': return take_alias(in, rest, contents);
    case 'r': return take_old_route(in, contents);
    case 'g': return take_forwarding(in, contents);
    case 'w': return take_network(in, rest, contents);
    case 'h': return take_hold(in, rest, contents);
    case 'x': return take_access(in, rest, contents);
    case 'c': return true;  // content rows (content_store.h) are in no snapshot
    case 'k': return take_dkim_key(in, rest, contents);
    case 'u': return take_relay_recipient(in, rest, contents);
    case 'R': return take_account_rules(in, rest, contents);
    case 's': return take_suspension(in, rest, contents);
    case 'f': return take_forward(in, rest, contents);
    case 'l': return take_list(in, rest, contents);
    case 'm': return take_member(in, rest, contents);
    default: return false;
  }
}

void finish(Contents& contents) { contents.routes = parse_gateway_dat(contents.route_text).routes; }

}  // namespace hikyaku::directory::rows
