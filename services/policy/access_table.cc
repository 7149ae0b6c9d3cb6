#include "services/policy/access_table.h"

#include <re2/re2.h>

#include <charconv>

#include "base/cursor.h"
#include "protocol/dns/host_name.h"
#include "services/directory/address_text.h"

namespace hikyaku::policy {
namespace {

using directory::AccessRow;
using directory::AccessWho;

std::string masked(std::string_view octets, int bits) {
  std::string base(octets);
  for (std::size_t i = 0; i < base.size(); ++i, bits -= 8) {
    if (bits >= 8) continue;
    base[i] = bits <= 0 ? '\0' : static_cast<char>(static_cast<unsigned char>(base[i]) & (0xFF << (8 - bits)));
  }
  return base;
}

// Of two rows for the same: the operator's, else the stricter.
void put(auto& map, std::string key, const AccessRow& row) {
  const auto [at, is_new] = map.try_emplace(std::move(key), &row);
  if (is_new || at->second->source == directory::operator_source) return;
  if (row.source == directory::operator_source || row.action > at->second->action) at->second = &row;
}

template <class Map>
const AccessRow* find_in(const Map& map, const std::string& key, WallTime now) {
  const auto found = map.find(key);
  return found == map.end() || found->second->expires <= now ? nullptr : found->second;
}

// "mail.a.example", ".a.example", ".example"
template <class Map>
const AccessRow* find_name(const Map& map, std::string_view name, WallTime now) {
  if (const auto* row = find_in(map, std::string(name), now)) return row;
  for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1))
    if (const auto* row = find_in(map, std::string(name.substr(dot)), now)) return row;
  return nullptr;
}

}  // namespace

struct AccessTable::Expression {
  std::unique_ptr<RE2> compiled;
  const AccessRow* row;
};

AccessTable::AccessTable() = default;
AccessTable::AccessTable(std::vector<AccessRow> rows) : rows_(std::move(rows)) {
  for (const auto& row : rows_) {
    if (row.who == AccessWho::Client) add_client(row);
    else put(row.who == AccessWho::Sender ? senders_ : recipients_, row.pattern, row);
  }
}

AccessTable::~AccessTable() = default;

void AccessTable::add_client(const AccessRow& row) {
  const std::string_view pattern = row.pattern;
  if (pattern.starts_with('/')) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    auto compiled = std::make_unique<RE2>(std::string(pattern.substr(1, pattern.size() - 2)), options);
    if (compiled->ok()) expressions_.push_back({std::move(compiled), &row});
    return;
  }
  const auto slash = pattern.find('/');
  const auto address = io::IpAddress::parse(pattern.substr(0, slash));
  if (!address) return put(names_, row.pattern, row);
  int bits = address->family() == io::IpFamily::V4 ? 32 : 128;
  if (slash != std::string_view::npos) (void)std::from_chars(pattern.data() + slash + 1, pattern.data() + pattern.size(), bits);
  put(networks_[{address->family(), bits}], masked(address->octets(), bits), row);
}

const AccessRow* AccessTable::of_address(const io::IpAddress& client, WallTime now) const {
  for (const auto& [width, rows] : networks_)  // the narrowest first
    if (width.first == client.family())
      if (const auto* row = find_in(rows, masked(client.octets(), width.second), now)) return row;
  return nullptr;
}

const AccessRow* AccessTable::of_name(std::string_view name, WallTime now) const {
  if (const auto* row = find_name(names_, name, now)) return row;
  for (const auto& one : expressions_)
    if (one.row->expires > now && RE2::PartialMatch(re2::StringPiece(name.data(), name.size()), *one.compiled)) return one.row;
  return nullptr;
}

const AccessRow* AccessTable::of_sender(const ReversePath& sender, WallTime now) const {
  if (senders_.empty()) return nullptr;
  if (sender.is_null()) return find_in(senders_, "<>", now);
  if (const auto* row = find_in(senders_, directory::fold(sender.address), now)) return row;
  return find_name(senders_, directory::fold_domain(sender.address.domain), now);
}

const AccessRow* AccessTable::of_recipient(const Address& recipient, WallTime now) const {
  if (recipients_.empty()) return nullptr;
  if (const auto* row = find_in(recipients_, directory::fold(recipient), now)) return row;
  return find_in(recipients_, directory::fold_domain(recipient.domain), now);
}

}  // namespace hikyaku::policy
