#include "services/policy/ledger.h"

#include <algorithm>
#include <array>

#include "base/cursor.h"
#include "io/socket_address.h"
#include "services/policy/greylist.h"
#include "services/policy/recipient_reply.h"

namespace hikyaku::policy {
namespace {

using namespace std::chrono_literals;

std::string network_text(const std::string& client) {
  const auto address = io::IpAddress::parse(client);
  return address ? network_of(*address) : client;
}

// "mail.a.example" and "a.example" are of one house; so are "mx1.a.example" and "mx2.a.example".
bool of_one_house(std::string_view a, std::string_view b) {
  const auto without_host = [](std::string_view name) {
    const auto dot = name.find('.');
    return dot != std::string_view::npos && name.find('.', dot + 1) != std::string_view::npos ? name.substr(dot + 1) : name;
  };
  return equal_ignoring_case(a, b) || equal_ignoring_case(without_host(a), without_host(b));
}

}  // namespace

RefusalKind kind_of_rule(std::string_view rule) {
  if (rule == "reverse_name" || rule == "s25r" || rule == "greylist") return RefusalKind::Client;
  if (rule == "dnsbl") return RefusalKind::DnsList;
  if (rule == "local_sender" || rule == "sender_domain" || rule == "spf") return RefusalKind::Sender;
  if (rule == "hello_name") return RefusalKind::Hello;
  constexpr std::array<std::string_view, 6> of_the_recipient{"", refused_by::recipient, refused_by::relay, refused_by::quota, refused_by::list, refused_by::account_rules};
  if (std::ranges::find(of_the_recipient, rule) != of_the_recipient.end()) return RefusalKind::Recipient;
  return RefusalKind::Other;
}

Likelihood likelihood(const LedgerEntry& entry, std::size_t neighbours) {
  Likelihood found;
  const auto give = [&found](bool holds, int points, std::string_view why, std::string_view why_ja) {
    if (holds) found.points.push_back({points, why, why_ja});
  };
  give(entry.tries >= 2, 15, "it came again", "再送してきた");
  give(entry.tries >= 4 && entry.last - entry.first >= 1h, 15, "it keeps trying", "再送を続けている");
  give(entry.tries >= 2 && entry.shortest >= 3min, 15, "it waits between its tries as mail servers do", "メールサーバらしい間隔で再送している");
  give(entry.tries >= 2 && entry.shortest < 30s, -20, "it tried again within seconds", "数秒で再試行した");
  give(!entry.client_name.empty(), 10, "its name leads back to it", "逆引き名が確認できる");
  give(!entry.client_name.empty() && of_one_house(entry.helo, entry.client_name), 10, "it says its own name in EHLO", "EHLO で自分の名前を名乗る");
  give(entry.proved, 20, "SPF vouches for its sender", "送信者が SPF で証明されている");
  give(entry.helo.find('.') == std::string::npos || entry.helo.starts_with('['), -10, "its EHLO is no name", "EHLO が名前になっていない");
  give(entry.clients.size() > 5 && !entry.proved, -10, "it comes from many addresses that nothing vouches for", "証明のない多数のアドレスから来る");
  give(neighbours > 20 && !entry.proved, -20, "its network tries many senders and recipients", "同じネットワークから多数の送信者・宛先を試している");
  int sum = 25;
  for (const auto& point : found.points) sum += point.points;
  found.percent = std::clamp(sum, 1, 99);
  return found;
}

WallTime may_give_up(const LedgerEntry& entry, WallTime now) {
  constexpr std::array<std::chrono::hours, 5> lives{1h, 4h, 24h, 48h, 120h};
  for (const auto life : lives)
    if (now < entry.first + life) return entry.first + life;
  return entry.first + lives.back();
}

bool has_given_up(const LedgerEntry& entry, WallTime now) {
  const auto patience = std::clamp<std::chrono::seconds>(3 * entry.longest, 4h, 24h);
  return !entry.came_in() && now - entry.last > patience;
}

void Ledger::enter(const LedgerEntry& entry) {
  by_silence_.insert(place_of(entry));
  if (entry.tries == 1) ++once_;
}

void Ledger::leave(const LedgerEntry& entry) {
  by_silence_.erase(place_of(entry));
  if (entry.tries == 1) --once_;
}

void Ledger::erase(const LedgerKey& key) {
  const auto at = entries_.find(key);
  leave(at->second);
  by_pair_.erase({at->first.sender, at->first.recipient, at->first.network});
  if (const auto network = of_network_.find(key.network); --network->second == 0) of_network_.erase(network);
  entries_.erase(at);
}

void Ledger::put_off(PutOff refusal) {
  LedgerKey key{network_text(refusal.client), ascii_lower(refusal.sender), ascii_lower(refusal.recipient)};
  const auto [at, is_new] = entries_.try_emplace(std::move(key));
  auto& entry = at->second;
  if (is_new) {
    ++of_network_[at->first.network];
    entry.key = at->first;
    by_pair_.insert({at->first.sender, at->first.recipient, at->first.network});
    entry.first = refusal.at;
  } else {
    leave(entry);
    const auto gap = std::chrono::duration_cast<std::chrono::seconds>(std::max(refusal.at, entry.last) - entry.last);
    entry.shortest = entry.tries == 1 ? gap : std::min(entry.shortest, gap);
    entry.longest = std::max(entry.longest, gap);
  }
  entry.last = std::max(entry.last, refusal.at);
  ++entry.tries;
  if (entry.clients.size() < LedgerEntry::most_clients) entry.clients.insert(std::move(refusal.client));
  entry.client_name = std::move(refusal.client_name);
  entry.helo = std::move(refusal.helo);
  entry.rule = std::move(refusal.rule);
  entry.reason = std::move(refusal.reason);
  entry.proved = entry.proved || refusal.proved;
  enter(entry);
  if (entries_.size() <= most_entries) return;
  const auto again = by_silence_.lower_bound(Place{true, WallTime::min(), nullptr});
  const bool from_once = once_ > most_entries / 4 || again == by_silence_.end();
  const LedgerKey oldest = *std::get<2>(from_once ? *by_silence_.begin() : *again);
  erase(oldest);
}

void Ledger::accepted(const std::string& client, const std::string& sender, const std::string& recipient, WallTime at) {
  const auto network = network_text(client), from = ascii_lower(sender);
  for (auto one = entries_.lower_bound({network, from, ""}); one != entries_.end() && one->first.network == network && one->first.sender == from; ++one) come_in(one->second, at);
  // A farm of servers: what one of them could not bring, another did.
  released(from, recipient, at);
}

void Ledger::released(const std::string& sender, const std::string& recipient, WallTime at) {
  const auto from = ascii_lower(sender), to = ascii_lower(recipient);
  for (auto one = by_pair_.lower_bound({from, to, ""}); one != by_pair_.end() && std::get<0>(*one) == from && std::get<1>(*one) == to; ++one)
    come_in(entries_.find({std::string(std::get<2>(*one)), from, to})->second, at);
}

void Ledger::come_in(LedgerEntry& entry, WallTime at) {
  if (entry.last <= at) entry.came_in_at = std::max(entry.came_in_at, at);
}

void Ledger::forget(WallTime before) {
  std::vector<LedgerKey> silent;
  const auto of = [&](bool again) {
    for (auto one = by_silence_.lower_bound(Place{again, WallTime::min(), nullptr}); one != by_silence_.end() && std::get<0>(*one) == again && std::get<1>(*one) < before; ++one) silent.push_back(*std::get<2>(*one));
  };
  of(false);
  of(true);
  for (const auto& key : silent) erase(key);
}

const LedgerEntry* Ledger::find(const LedgerKey& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<const LedgerEntry*> Ledger::entries() const {
  std::vector<const LedgerEntry*> all;
  for (const auto& [key, entry] : entries_) all.push_back(&entry);
  return all;
}

std::size_t Ledger::neighbours(const std::string& network) const {
  const auto found = of_network_.find(network);
  return found == of_network_.end() ? 0 : found->second;
}

}  // namespace hikyaku::policy
