#include <algorithm>
#include <array>

#include "protocol/dmarc/evaluation.h"
#include "protocol/dns/host_name.h"
#include "protocol/mime/address_list.h"

namespace hikyaku::dmarc {

std::string_view problem_text(AuthorProblem problem) {
  constexpr std::array<std::string_view, 4> texts{"there is no From field", "there are several From fields", "From names no domain", "From names several domains"};
  return texts[static_cast<std::size_t>(problem)];
}

Result<std::string, AuthorProblem> author_domain(const dkim::FieldIndex& fields) {
  const auto from = fields.first("from", 2);
  if (from.empty()) return failure(AuthorProblem::NoFrom);
  if (from.size() > 1) return failure(AuthorProblem::SeveralFrom);
  mime::TextStore store;
  std::optional<std::string> domain;
  for (const auto& address : mime::parse_address_list(from.front()->value, store, {.max_entries = 100})) {
    if (address.kind != mime::ListedAddress::Kind::Mailbox) continue;
    auto name = dns::canonical_name(address.host);
    if (!name) return failure(AuthorProblem::NoDomain);
    if (domain && *domain != *name) return failure(AuthorProblem::SeveralDomains);
    domain = std::move(name);
  }
  if (!domain) return failure(AuthorProblem::NoDomain);
  return *std::move(domain);
}

}  // namespace hikyaku::dmarc
