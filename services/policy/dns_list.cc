#include "services/policy/dns_list.h"

#include <algorithm>

#include "protocol/dns/host_name.h"

namespace hikyaku::policy {
namespace {

bool counts(const DnsList& list, const io::IpAddress& answer) {
  static const auto all = io::IpNetwork::parse("127.0.0.0/8"), not_for_us = io::IpNetwork::parse("127.255.255.0/24");
  if (list.meanings.empty()) return all->contains(answer) && !not_for_us->contains(answer);
  return std::ranges::any_of(list.meanings, [&](const auto& one) { return one.contains(answer); });
}

}  // namespace

std::optional<DnsList> parse_dns_list(std::string_view text) {
  const auto equals = text.find('=');
  auto zone = dns::canonical_name(text.substr(0, equals));
  if (!zone || zone->find('.') == std::string::npos) return std::nullopt;
  DnsList list{*std::move(zone), {}};
  if (equals == std::string_view::npos) return list;
  for (text.remove_prefix(equals + 1);;) {
    const auto comma = text.find(',');
    const auto meaning = io::IpNetwork::parse(text.substr(0, comma));
    if (!meaning) return std::nullopt;
    list.meanings.push_back(*meaning);
    if (comma == std::string_view::npos) return list;
    text.remove_prefix(comma + 1);
  }
}

std::string listing_name(const io::IpAddress& client, const std::string& zone) {
  auto name = client.reverse_name();
  name.resize(name.size() - std::string_view(client.family() == io::IpFamily::V4 ? "in-addr.arpa" : "ip6.arpa").size());
  return name + zone;
}

std::optional<Listing> look_up(const DnsList& list, const io::IpAddress& client, Answers& answers) { return look_up_name(list, listing_name(client, list.zone), answers); }

std::optional<Listing> look_up_name(const DnsList& list, const std::string& name, Answers& answers) {
  const auto* answer = answers.ask(RecordType::A, name);
  if (answer == nullptr) return std::nullopt;
  if (answer->kind == Answer::Kind::Failure) return Listing{Listing::Kind::Failure, {}};
  for (const auto& record : answer->records)
    if (const auto address = io::IpAddress::parse(record); address && counts(list, *address)) return Listing{Listing::Kind::Listed, record};
  return Listing{};
}

}  // namespace hikyaku::policy
