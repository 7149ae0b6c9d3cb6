#include "services/delivery/deferred_subjects.h"

#include <algorithm>

#include "services/directory/route_table.h"

namespace hikyaku::delivery {

DeferredSubjects::DeferredSubjects(const RetryTable& rules) {
  for (const auto& row : rules.rows) {
    if (row.via) continue;
    patterns_.push_back(row.pattern);
    if (row.pattern.contains('*')) wildcards_ = true;
    else domains_.emplace(spool::key_of(row.pattern), row.pattern);
  }
}

bool DeferredSubjects::is_named(std::string_view domain) const {
  return std::ranges::any_of(patterns_, [&](const auto& pattern) { return directory::matches_pattern(pattern, domain); });
}

std::optional<DeferredSubjects::Subject> DeferredSubjects::find(const spool::DeferredTimes& one) const {
  static const auto nobody = spool::key_of("<>");
  if (one.sender == 0) return std::nullopt;
  const auto kind = one.sender == nobody ? MailKind::ErrorMail : MailKind::Ordinary;
  const auto known = domains_.find(one.domain);
  if (known != domains_.end()) return Subject{known->second, kind};
  if (one.domain == 0 ? !patterns_.empty() : wildcards_) return std::nullopt;
  return Subject{{}, kind};
}

DeferredSubjects::Subject DeferredSubjects::learn(const spool::DeferredTimes& one, const Envelope& envelope) {
  Subject subject{{}, kind_of(envelope)};
  if (one.recipient >= envelope.recipients.size()) return subject;
  const auto& domain = envelope.recipients[one.recipient].address.domain;
  if (is_named(domain)) subject.domain = domain;
  if (one.domain != 0) domains_.emplace(one.domain, subject.domain);
  return subject;
}

}  // namespace hikyaku::delivery
