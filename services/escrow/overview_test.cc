#include "services/escrow/overview.h"

#include <doctest/doctest.h>

#include "io/simulated_disk.h"
#include "services/quarantine/store.h"

using namespace hikyaku;
using namespace hikyaku::escrow;
using namespace std::chrono_literals;

namespace {

const WallTime start{std::chrono::days{20'000}};
const policy::LedgerKey key{"192.0.2.0/24", "a@b.example", "c@d.example"};

void put_off(policy::Ledger& ledger, std::chrono::seconds after) {
  ledger.put_off({.at = start + after, .client = "192.0.2.1", .helo = "x", .sender = "a@b.example", .recipient = "c@d.example", .rule = "s25r"});
}

void keep(io::Disk& disk, std::uint64_t number, const std::string& sender = "A") {
  quarantine::Entry entry;
  entry.envelope.id = {1, 1, 1, number};
  entry.envelope.reverse_path.address = {sender, "b.example"};
  entry.envelope.recipients.push_back({{"c", "D.example"}, "", {}});
  entry.envelope.client_address = "192.0.2.1";
  entry.taken = start;
  quarantine::Store store(disk, "/e");
  auto deposited = store.deposit(entry, [](const quarantine::To&) -> spool::SpoolResult<> { return {}; });
  REQUIRE(deposited);
  deposited->keep();
  REQUIRE(store.gather());
}

void release(io::Disk& disk, std::uint64_t number, char mark, std::chrono::seconds after, const std::string& text = "") {
  if (number != 0) REQUIRE(quarantine::Store(disk, "/e").remove({1, 1, 1, number}));
  REQUIRE(io::replace_file(disk, "/e/released/" + std::string(64, mark), text.empty() ? released_text({start + after, "a@B.example", "c@d.example"}) : text));
}

}  // namespace

TEST_CASE("escrow: what is noted of released mail is read again; an older note has its time alone") {
  const ReleasedMail mail{start, "", "c@d.example"};
  const auto read = parse_released(released_text(mail));
  REQUIRE(read);
  CHECK(read->at == start);
  CHECK(read->sender.empty());
  CHECK(read->recipient == "c@d.example");
  const auto older = parse_released(released_text(mail).substr(0, released_text(mail).find('\n') + 1));
  REQUIRE(older);
  CHECK(older->recipient.empty());
  for (const auto* bad : {"", "\n", "yesterday\na@b.example\nc@d.example\n"}) CHECK_MESSAGE(!parse_released(bad), bad);
}

TEST_CASE("escrow: copies are found by whose mail they are") {
  io::SimulatedDisk disk({.seed = 1});
  CHECK(overview(disk, "/e").copies.empty());  // no folder
  for (const auto* inside : {"/e/drop", "/e/released"}) REQUIRE(disk.make_folder(inside));
  keep(disk, 1), keep(disk, 2), keep(disk, 3, "other");
  const auto seen = overview(disk, "/e");
  CHECK(seen.copies.size() == 3);
  CHECK(seen.copies.count(key) == 2);
  CHECK(seen.copies.find(key)->second.id == TraceId{1, 1, 1, 1}.text());
  CHECK(seen.released.empty());
}

TEST_CASE("escrow: whose mail was released is no sender to be told of, while no other copy of his waits and he does not try again") {
  io::SimulatedDisk disk({.seed = 1});
  for (const auto* inside : {"/e/drop", "/e/released"}) REQUIRE(disk.make_folder(inside));
  policy::Ledger ledger;
  put_off(ledger, 0s);
  put_off(ledger, 60s);
  keep(disk, 1), keep(disk, 2);
  release(disk, 1, 'a', 90s);
  release(disk, 0, 'b', 90s, "no time\n");
  settle_released(ledger, overview(disk, "/e"));
  CHECK(!ledger.find(key)->came_in());  // the other waits
  release(disk, 2, 'c', 91s);
  settle_released(ledger, overview(disk, "/e"));
  CHECK(ledger.find(key)->came_in());
  put_off(ledger, 120s);
  settle_released(ledger, overview(disk, "/e"));
  CHECK(!ledger.find(key)->came_in());
}
