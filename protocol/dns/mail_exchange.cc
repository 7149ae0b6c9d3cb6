#include "protocol/dns/mail_exchange.h"

#include <algorithm>

namespace hikyaku::dns {
namespace {
constexpr std::size_t most_hosts = 64;
}

ExchangePlan plan_exchanges(std::vector<MailExchange> records,
                            const std::function<bool(const std::string&)>& is_ourselves,
                            const std::function<std::uint32_t(std::uint32_t)>& random) {
  ExchangePlan plan;
  if (records.empty()) return plan.kind = ExchangePlan::Kind::ImplicitDomain, plan;
  // RFC 7505 §3: a null MX counts only where it is alone; beside others it is a mistake and is passed over.
  if (records.size() == 1 && records.front().host.empty()) return plan.kind = ExchangePlan::Kind::NullMx, plan;
  std::erase_if(records, [](const MailExchange& record) { return record.host.empty(); });

  for (std::size_t i = records.size(); i > 1; --i)
    std::swap(records[i - 1], records[random(static_cast<std::uint32_t>(i))]);
  std::ranges::sort(records, {}, &MailExchange::preference);

  // Everybody as far from the destination as we are, or farther, would send the mail back to us.
  const auto ourselves =
      std::ranges::find_if(records, [&](const MailExchange& record) { return is_ourselves(record.host); });
  if (ourselves != records.end()) {
    const auto our_preference = ourselves->preference;
    std::erase_if(records, [&](const MailExchange& record) { return record.preference >= our_preference; });
    if (records.empty()) return plan.kind = ExchangePlan::Kind::Loop, plan;
  }
  for (auto& record : records) {
    if (plan.hosts.size() == most_hosts) break;
    if (std::ranges::find(plan.hosts, record.host) != plan.hosts.end()) continue;
    plan.hosts.push_back(std::move(record.host));
    plan.preferences.push_back(record.preference);
  }
  if (plan.hosts.empty()) plan.kind = ExchangePlan::Kind::ImplicitDomain;
  return plan;
}

}  // namespace hikyaku::dns
