#include "services/policy/uri_check.h"

#include <algorithm>

#include "protocol/dns/host_name.h"

namespace hikyaku::policy {
namespace {

// Names are asked as they are, addresses backwards.
std::string question_of(const std::string& domain, const std::string& zone) {
  const auto address = io::IpAddress::parse(domain);
  return address ? listing_name(*address, zone) : domain + "." + zone;
}

}  // namespace

void UriText::feed(std::string_view octets) {
  octets = octets.substr(0, most_octets - text_.size());
  if (octets.empty()) return;
  if (together_.fetch_add(octets.size()) + octets.size() > most_octets_together) return void(together_.fetch_sub(octets.size()));
  text_ += octets;
}

UriCheck::UriCheck(const std::vector<std::string>& hosts, std::vector<DnsList> lists, const std::vector<std::string>& exempt, const dmarc::PublicSuffixList* suffixes) : lists_(std::move(lists)) {
  for (const auto& host : hosts) {
    const bool is_address = io::IpAddress::parse(host).has_value();
    if (std::ranges::any_of(exempt, [&](const auto& name) { return host == name || (!is_address && dns::is_within(host, name)); })) continue;
    const auto registered = suffixes == nullptr || is_address ? std::nullopt : suffixes->organizational_domain(host);
    std::string domain(registered.value_or(host));
    if (domains_.size() < most_domains && std::ranges::find(domains_, domain) == domains_.end()) domains_.push_back(std::move(domain));
  }
}

std::optional<UriFindings> UriCheck::results(Answers& answers) const {
  UriFindings found;
  bool waits = false;
  for (const auto& domain : domains_)
    for (const auto& list : lists_) {
      const auto listing = look_up_name(list, question_of(domain, list.zone), answers);
      if (!listing) waits = true;
      else if (listing->kind == Listing::Kind::Failure) found.unsure = true;
      // "127.0.1.255": such a list has no addresses, and says so.
      else if (listing->kind == Listing::Kind::Listed && listing->answer != "127.0.1.255" && found.domain.empty()) found.domain = domain, found.zone = list.zone, found.answer = listing->answer;
    }
  if (waits) return std::nullopt;
  return found;
}

}  // namespace hikyaku::policy
