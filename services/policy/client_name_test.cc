#include <doctest/doctest.h>

#include "services/policy/client_name.h"
#include "services/policy/test_zone.h"

using namespace hikyaku;
using namespace hikyaku::policy;
using testing::TestZone;
using Proof = ClientName::Proof;

namespace {

ClientName name_of(TestZone& zone, const char* address) {
  return zone.until_known([&](Answers& answers) { return client_name(*io::IpAddress::parse(address), answers); });
}

}  // namespace

TEST_CASE("a name counts when it leads back, by IPv4 and IPv6") {
  TestZone zone;
  zone.put(RecordType::Ptr, "7.2.0.192.in-addr.arpa", {"Mail.Example.JP"});
  zone.put(RecordType::A, "mail.example.jp", {"192.0.2.8", "192.0.2.7"});
  const auto found = name_of(zone, "192.0.2.7");
  CHECK(found.proof == Proof::Confirmed);
  CHECK(found.name == "mail.example.jp");
  CHECK(zone.rounds == 2);

  zone.put(RecordType::Ptr, io::IpAddress::parse("2001:db8::7")->reverse_name(), {"six.example.jp"});
  zone.put(RecordType::Aaaa, "six.example.jp", {"2001:db8:0:0:0:0:0:7"});
  CHECK(name_of(zone, "2001:db8::7").text() == "six.example.jp");
}

TEST_CASE("what does not lead back is unknown, and why is told") {
  TestZone zone;
  CHECK(name_of(zone, "192.0.2.1").proof == Proof::NoName);
  zone.put(RecordType::Ptr, "2.2.0.192.in-addr.arpa", {"big.bank.example"});
  zone.put(RecordType::A, "big.bank.example", {"203.0.113.9"});
  const auto forged = name_of(zone, "192.0.2.2");
  CHECK(forged.proof == Proof::Mismatch);
  CHECK(forged.claimed == "big.bank.example");
  CHECK(forged.text() == "unknown");
  zone.fail(RecordType::Ptr, "3.2.0.192.in-addr.arpa");
  CHECK(name_of(zone, "192.0.2.3").proof == Proof::Failure);
  zone.put(RecordType::Ptr, "4.2.0.192.in-addr.arpa", {"slow.example"});
  zone.fail(RecordType::A, "slow.example");
  CHECK(name_of(zone, "192.0.2.4").proof == Proof::Failure);
  zone.put(RecordType::Ptr, "5.2.0.192.in-addr.arpa", {"a b", "-", ""});
  CHECK(name_of(zone, "192.0.2.5").proof == Proof::NoName);
}

TEST_CASE("of several names the first that leads back counts, and no more than ten are looked at") {
  TestZone zone;
  zone.put(RecordType::Ptr, "7.2.0.192.in-addr.arpa", {"no.example", "second.example", "third.example"});
  zone.put(RecordType::A, "second.example", {"192.0.2.7"});
  zone.put(RecordType::A, "third.example", {"192.0.2.7"});
  CHECK(name_of(zone, "192.0.2.7").name == "second.example");
  CHECK(zone.rounds == 2);  // all at once
  std::vector<std::string> many;
  for (int i = 0; i < 11; ++i) many.push_back("n" + std::to_string(i) + ".example");
  zone.put(RecordType::Ptr, "8.2.0.192.in-addr.arpa", many);
  zone.put(RecordType::A, "n10.example", {"192.0.2.8"});
  CHECK(name_of(zone, "192.0.2.8").proof == Proof::Mismatch);
  zone.put(RecordType::A, "n9.example", {"192.0.2.8"});
  CHECK(name_of(zone, "192.0.2.8").name == "n9.example");
}
