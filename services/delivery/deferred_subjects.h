// DeferredSubjects: whose rules the recipients of the spool's table are ruled by. The table has hashes of their domains and
// senders, and a row of delivery.retry_rules may name a domain by a pattern: then one envelope of each domain is read.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "services/delivery/schedule/period_end.h"
#include "services/spool/envelope_keys.h"

namespace hikyaku::delivery {

class DeferredSubjects {
 public:
  explicit DeferredSubjects(const RetryTable& rules);

  struct Subject {
    std::string domain;  // empty: no row names it
    MailKind kind = MailKind::Ordinary;
  };
  // Nothing: its envelope is to be read. That is of what a version before 0.2 deferred, and, where a row has a pattern, of the
  // first recipient of each domain. Two names in four thousand millions have the same hash; the period that is then taken for
  // another's only sets a timer, since conclude() decides by the envelope.
  [[nodiscard]] std::optional<Subject> find(const spool::DeferredTimes& one) const;
  Subject learn(const spool::DeferredTimes& one, const Envelope& envelope);

 private:
  [[nodiscard]] bool is_named(std::string_view domain) const;

  std::vector<std::string> patterns_;  // of rows by destination
  bool wildcards_ = false;
  std::unordered_map<spool::TextKey, std::string> domains_;  // empty: no row names it
};

}  // namespace hikyaku::delivery
