#include "services/policy/client_name.h"

#include <algorithm>
#include <functional>

#include "protocol/dns/host_name.h"

namespace hikyaku::policy {
namespace {

using Ask = std::function<const Answer*(RecordType, std::string)>;  // null: not known

bool leads_to(const Answer& answer, const io::IpAddress& address) {
  return std::ranges::any_of(answer.records, [&](const std::string& one) { return io::IpAddress::parse(one) == address; });
}

std::optional<ClientName> find_name(const io::IpAddress& address, const Ask& ask) {
  const auto* names = ask(RecordType::Ptr, address.reverse_name());
  if (names == nullptr) return std::nullopt;
  ClientName found;
  if (names->kind == Answer::Kind::Failure) found.proof = ClientName::Proof::Failure;
  if (names->kind != Answer::Kind::Records) return found;
  const auto type = address.family() == io::IpFamily::V4 ? RecordType::A : RecordType::Aaaa;
  bool waits = false, failed = false;
  for (std::size_t i = 0; i < std::min(names->records.size(), most_names); ++i) {
    auto name = dns::canonical_name(names->records[i]);
    if (!name) continue;
    if (found.claimed.empty()) found.claimed = *name;
    const auto* addresses = ask(type, *name);
    if (addresses == nullptr) {
      waits = true;
    } else if (addresses->kind == Answer::Kind::Failure) {
      failed = true;
    } else if (leads_to(*addresses, address)) {
      if (waits) return std::nullopt;  // an earlier name may be the better one; all are asked at once
      return ClientName{ClientName::Proof::Confirmed, std::move(*name), std::move(found.claimed)};
    }
  }
  if (waits) return std::nullopt;
  found.proof = failed ? ClientName::Proof::Failure : found.claimed.empty() ? ClientName::Proof::NoName : ClientName::Proof::Mismatch;
  return found;
}

}  // namespace

const std::string& ClientName::text() const {
  static const std::string unknown = "unknown";
  return proof == Proof::Confirmed ? name : unknown;
}

std::optional<ClientName> client_name(const io::IpAddress& address, Answers& answers) {
  return find_name(address, [&answers](RecordType type, std::string name) { return answers.ask(type, std::move(name)); });
}

std::optional<ClientName> client_name_known(const io::IpAddress& address, const Answers& answers) {
  return find_name(address, [&answers](RecordType type, std::string name) -> const Answer* {
    const auto known = answers.known().find({type, std::move(name)});
    return known == answers.known().end() ? nullptr : &known->second;
  });
}

}  // namespace hikyaku::policy
