#include "services/delivery/deferred_subjects.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

RetryTable table_of(std::initializer_list<const char*> rows) {
  RetryTable table;
  for (const char* row : rows) table.rows.push_back(*parse_retry_row(row));
  return table;
}
spool::DeferredTimes times_of(const std::string& sender, const std::string& domain) {
  spool::DeferredTimes times;
  times.sender = spool::key_of(sender), times.domain = spool::key_of(domain);
  return times;
}
Envelope envelope_of(const std::string& domain) {
  Envelope envelope;
  envelope.recipients.push_back({{"r", domain}, "", {}});
  return envelope;
}

}  // namespace

TEST_CASE("without rows by domain nothing is read: the null sender is known by its hash") {
  const DeferredSubjects subjects(table_of({"via:gw.example * period=2h"}));
  CHECK(subjects.find(times_of("<>", "a.example"))->kind == MailKind::ErrorMail);
  CHECK(subjects.find(times_of("s@b.example", "a.example"))->kind == MailKind::Ordinary);
  CHECK(subjects.find(times_of("s@b.example", "a.example"))->domain.empty());
  CHECK(subjects.find(times_of("s@b.example", "")));
  CHECK_FALSE(subjects.find(times_of("", "a.example")));  // an older version deferred it
}

TEST_CASE("a row that names one domain is found by its hash, in any case; others are nobody's") {
  const DeferredSubjects subjects(table_of({"Customer.example unanswered period=2h"}));
  CHECK(subjects.find(times_of("s@b.example", "customer.EXAMPLE"))->domain == "Customer.example");
  CHECK(subjects.find(times_of("s@b.example", "other.example"))->domain.empty());
  CHECK_FALSE(subjects.find(times_of("s@b.example", "")));
}

TEST_CASE("a row with a pattern costs one envelope of each domain") {
  DeferredSubjects subjects(table_of({"*.inner.example unanswered period=2h"}));
  const auto inner = times_of("s@b.example", "x.inner.example"), outer = times_of("<>", "outer.example");
  CHECK_FALSE(subjects.find(inner));
  CHECK_FALSE(subjects.find(outer));
  CHECK(subjects.learn(inner, envelope_of("x.inner.example")).domain == "x.inner.example");
  CHECK(subjects.learn(outer, envelope_of("outer.example")).domain.empty());
  CHECK(subjects.find(inner)->domain == "x.inner.example");
  CHECK(subjects.find(outer)->domain.empty());
  CHECK(subjects.find(outer)->kind == MailKind::ErrorMail);
  auto beyond = inner;
  beyond.recipient = 7;
  CHECK(subjects.learn(beyond, envelope_of("x.inner.example")).domain.empty());
}
