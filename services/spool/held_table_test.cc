#include "services/spool/held_table.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

#include "base/wire.h"
#include "io/simulated_disk.h"
#include "services/spool/delivery_log.h"

using namespace hikyaku;
using namespace hikyaku::spool;

namespace {

TraceId id(std::uint64_t n) { return {1, 1, 7, n}; }

Schedule schedule(std::uint32_t recipient, std::uint32_t attempts) {
  Schedule out;
  out.recipient = recipient;
  out.destination = "mx:d" + std::to_string(attempts % 5) + ".example";
  out.failure_class = static_cast<std::uint8_t>(attempts % 3);
  out.attempts = attempts;
  if (attempts > 0) out.first_failed = WallTime{std::chrono::seconds{1'700'000'000 + attempts}};
  out.paused = std::chrono::minutes{attempts % 2};
  out.last_tried = attempts % 4 == 0 ? WallTime{} : out.first_failed + std::chrono::seconds{attempts};
  out.next_due = out.first_failed + std::chrono::seconds{120};
  out.last_reply = attempts % 3 == 0 ? "" : attempts % 3 == 1 ? "connection refused" : "451 ticket " + std::to_string(attempts);
  out.via = attempts % 7 == 0 ? "relay.example:2525" : "";
  return out;
}

Held text(std::uint64_t n) { return {{storage::SegmentNumber{1 + n % 3}, static_cast<std::uint32_t>(n * 8)}, 100 + n, n % 5 == 0}; }

// The same told by plain maps.
struct Model {
  struct Message {
    Held text;
    WallTime accepted;
    std::map<std::uint32_t, std::optional<Schedule>> open;  // nothing: fresh
  };
  std::map<TraceId, Message> messages;
};

void compare(const HeldTable& table, const Model& model) {
  std::uint64_t deferred = 0, octets = 0, fresh = 0;
  std::optional<WallTime> oldest, failed;  // acceptance, of those that were all tried; first attempt, of those that were
  for (const auto& [key, message] : model.messages) {
    octets += message.text.octets;
    std::vector<Schedule> wanted;
    std::vector<std::uint32_t> wanted_fresh;
    for (const auto& [recipient, one] : message.open) {
      if (one && one->attempts > 0 && (!failed || one->first_failed < *failed)) failed = one->first_failed;
      if (one) wanted.push_back(*one);
      else wanted_fresh.push_back(recipient);
    }
    deferred += wanted.size();
    fresh += wanted_fresh.empty() ? 0 : 1;
    if (wanted_fresh.empty() && (!oldest || message.accepted < *oldest)) oldest = message.accepted;
    CHECK(table.deferred(key) == wanted);
    CHECK(table.fresh(key) == wanted_fresh);
    CHECK(table.text(key)->at == message.text.at);
    CHECK(table.text(key)->blob == message.text.blob);
  }
  CHECK(table.messages() == model.messages.size());
  CHECK(table.deferred_recipients() == deferred);
  CHECK(table.fresh_messages() == fresh);
  CHECK(table.octets() == octets);
  CHECK(table.oldest_acceptance(0, table.slots()) == oldest);
  CHECK(table.oldest_failure(0, table.rows()) == failed);
}

HeldTable copied(const HeldTable& table) {
  HeldTable copy;
  for (HeldTable::Slot from = 0; from < table.slots();) {
    WireWriter out;
    from = table.pack(from, 16, out);
    CHECK(copy.unpack(out.bytes()));
  }
  return copy;
}

}  // namespace

TEST_CASE("held table: any story leaves it as plain maps would be, and a snapshot tells it whole") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    HeldTable table;
    Model model;
    for (std::uint32_t step = 1; step < 3'000; ++step) {
      const auto key = id(random() % 200);
      const auto recipient = static_cast<std::uint32_t>(random() % 4);
      const auto known = model.messages.find(key);
      switch (random() % 6) {
        case 0: {
          table.place(key, text(step));
          model.messages[key].text = text(step);
          model.messages[key].accepted = WallTime{std::chrono::seconds{10'000 + step * 7919 % 3'001}};  // in no order
          table.set_facts(key, {step, 0, model.messages[key].accepted, step});
          break;
        }
        case 1:
          table.add_fresh(key, recipient, {step, step});
          if (known != model.messages.end()) known->second.open.try_emplace(recipient);
          break;
        case 2: case 3: {
          const auto told = schedule(recipient, step % 8 == 0 ? 0 : step);
          table.defer(key, told, {step, step});
          if (known != model.messages.end()) known->second.open[recipient] = told;
          break;
        }
        default: {
          const auto dead = table.close(key, recipient);
          const bool closed = known != model.messages.end() && known->second.open.erase(recipient) > 0;
          CHECK(dead.has_value() == (closed && known->second.open.empty()));
          if (dead) model.messages.erase(known);
        }
      }
      if (step % 500 == 0) {
        while (table.compact_replies()) {
        }
        compare(table, model);
      }
    }
    compare(table, model);
    compare(copied(table), model);
  }
}

TEST_CASE("held table: a message told twice in a snapshot is what the later says") {
  HeldTable early, late, both;
  for (std::uint32_t n = 0; n < 4; ++n) {
    early.place(id(n), text(1));
    early.defer(id(n), schedule(n % 2, 3), {});
    early.add_fresh(id(n), 2, {});
  }
  late.place(id(2), text(9));
  late.defer(id(2), schedule(1, 8), {});
  for (const auto* table : {&early, &late}) {
    WireWriter out;
    table->pack(0, 100, out);
    CHECK(both.unpack(out.bytes()));
  }
  CHECK(both.deferred(id(2)) == late.deferred(id(2)));
  CHECK(both.fresh(id(2)).empty());
  CHECK(both.text(id(2))->at == text(9).at);
  CHECK(both.deferred_recipients() == 4);
  CHECK(both.messages() == 4);
  CHECK(both.fresh_messages() == 3);
}

TEST_CASE("held table: replies that many got are kept once, and what is given up is used again") {
  HeldTable table;
  for (std::uint64_t n = 1; n <= 20'000; ++n) {
    table.place(id(n), text(n));
    auto one = schedule(0, 1);
    one.last_reply = "451 distinct " + std::to_string(n) + std::string(60, '.');
    table.defer(id(n), one, {});
  }
  for (std::uint32_t round = 2; round < 8; ++round) {
    for (std::uint64_t n = 1; n <= 20'000; ++n) {
      auto one = schedule(0, round);
      one.last_reply = "451 round " + std::to_string(round) + " of " + std::to_string(n) + std::string(60, '.');
      table.defer(id(n), one, {});
    }
    while (table.compact_replies()) {
    }
  }
  CHECK(table.deferred(id(77))[0].last_reply.starts_with("451 round 7 of 77."));
  CHECK(table.rows() == 20'000);
  for (std::uint64_t n = 1; n <= 20'000; ++n) CHECK(table.close(id(n), 0).has_value());
  CHECK(table.messages() == 0);
  table.place(id(1), text(1));
  table.defer(id(1), schedule(0, 1), {});
  CHECK(table.rows() == 20'000);
}

TEST_CASE("held table: a search finds by every condition, by pages") {
  HeldTable table;
  for (std::uint32_t n = 1; n <= 10'000; ++n) {
    table.place(id(n), text(n));
    table.set_facts(id(n), {key_of("s" + std::to_string(n) + "@a.example"), key_of(n % 100 == 0 ? "taro@a.example" : ""),
                            WallTime{std::chrono::seconds{n}}, n});
    auto one = schedule(0, n);
    one.destination = "mx:d" + std::to_string(n % 10) + ".example";
    one.failure_class = static_cast<std::uint8_t>(n % 4);
    one.last_reply = "451 Ticket " + std::to_string(n) + " Later";
    table.defer(id(n), one, {key_of("r" + std::to_string(n) + "@b.example"), key_of(n % 2 == 0 ? "b.example" : "c.example")});
  }
  const auto count = [&](const DeferredFilter& filter, std::size_t page = 10'000) {
    auto search = HeldTable::search_for(filter);
    std::size_t found = 0;
    for (HeldTable::Row from = 0; from < table.rows();) {
      std::size_t here = 0;
      from = table.find(search, from, 3'000, page, [&](HeldTable::Row) { ++here; });
      CHECK(here <= page);
      found += here;
    }
    return found;
  };
  CHECK(count({}) == 10'000);
  CHECK(count({}, 7) == 10'000);
  CHECK(count({.sender = "S77@A.example"}) == 1);
  CHECK(count({.sender = "<>"}) == 0);
  CHECK(count({.recipient = "r9999@b.example"}) == 1);
  CHECK(count({.domain = "B.EXAMPLE"}) == 5'000);
  CHECK(count({.account = "taro@a.example"}) == 100);
  CHECK(count({.error = "tICKET 4242 l"}) == 1);
  CHECK(count({.error = "no such words"}) == 0);
  CHECK(count({.destination = [](std::string_view key) { return key == "mx:d3.example"; }}) == 1'000);
  CHECK(count({.failure_class = std::uint8_t{3}}) == 2'500);
  CHECK(count({.accepted_until = WallTime{std::chrono::seconds{10}}}) == 10);
  CHECK(count({.accepted_from = WallTime{std::chrono::seconds{9'991}}}) == 10);
  CHECK(count({.least_octets = 9'901}) == 100);
  CHECK(count({.domain = "b.example", .most_octets = 100}) == 50);
  table.place(id(20'000), text(1));  // as an older version told it
  table.defer(id(20'000), schedule(0, 1), {});
  CHECK(count({.sender = "s77@a.example", .domain = "b.example"}) == 1);
}

namespace {
std::string octets_of_hex(std::string_view hex) {
  std::string octets;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t n = 0; n + 1 < hex.size(); n += 2) octets += static_cast<char>(digit(hex[n]) * 16 + digit(hex[n + 1]));
  return octets;
}

// Written by version 0.1 (format 1): segment 3 of incoming 1 released; of segment 4 two messages' recipients settled; in
// holding B..10 with recipients 0 and 2 deferred, B..11 (a blob) with recipient 1, and generated mail with recipient 0
// fresh, 1 done and 2 deferred.
constexpr std::string_view snapshot_of_0_1 =
    "010000000100000000000000030501031f010000000000000000000000000000000001040010000002000000010101371e0100000000000000000000"
    "000000000000010400200000020000000200001b0100000000000000000000000000000000010400300000010100001a0464000100000000004d0000"
    "00000000000200400000bc030001540264000100000000004d0000000000000000000000000001020e6d783a6578616d706c652e6f7267010380c43c"
    "18240a060000b08ef01b00000080d2631f240a06001134353120342e372e31206c617465722032190301000100050000000b00000000000000020030"
    "0000882701540201000100050000000b0000000000000000000000000001010e6d783a6578616d706c652e6e6574020240822d18240a0600005847f8"
    "0d0000004090541f240a06001134353120342e372e31206c617465722031190301000100050000000a000000000000000200200000ac020090010201"
    "000100050000000a0000000000000000000000000002000e6d783a6578616d706c652e6f7267010100401e18240a06000000000000000000004e451f"
    "240a06001134353120342e372e31206c617465722030020e6d783a6578616d706c652e6f7267010380c43c18240a060000b08ef01b00000080d2631f"
    "240a06001134353120342e372e31206c617465722032f25b0e6c2915e1e7";

std::unique_ptr<DeliveryLog> open_log(io::Disk& disk) {
  auto log = DeliveryLog::open(disk, "/domains", {.segment_octets = 32 << 10, .reserve_octets = 0, .index = storage::HeadIndex::None, .nonce_seed = 3});
  REQUIRE_MESSAGE(log, log.error().what);
  return *std::move(log);
}

void check_story_of_0_1(const DeliveryLog& log) {
  log.with_state([](const DeliveryState& state) {
    CHECK(state.incoming.released(1, storage::SegmentNumber{3}));
    CHECK(state.incoming.settled(1, {storage::SegmentNumber{4}, 4096}, 0) == Settled::Final);
    CHECK(state.incoming.settled(1, {storage::SegmentNumber{4}, 4096}, 1) == Settled::LazyBefore);
    CHECK(state.holding.messages() == 3);
    const auto deferred = state.holding.deferred({1, 1, 5, 10});
    REQUIRE(deferred.size() == 2);
    CHECK(deferred[1].destination == "mx:example.org");
    CHECK(deferred[1].last_reply == "451 4.7.1 later 2");
    CHECK(deferred[1].attempts == 3);
    CHECK(deferred[1].paused == std::chrono::minutes{2});
    CHECK(deferred[1].next_due == WallTime{std::chrono::seconds{1'700'000'122}});
    CHECK(state.holding.text({1, 1, 5, 11})->blob);
    CHECK(state.holding.text({1, 1, 5, 11})->octets == 5'000);
    CHECK(state.holding.fresh({1, 100, 0, 77}) == std::vector<std::uint32_t>{0});
    CHECK(state.holding.deferred({1, 100, 0, 77}).size() == 1);
    return 0;
  });
}
SpoolResult<> nothing_more(const HeldTable&) { return {}; }
}  // namespace

TEST_CASE("delivery log: a snapshot that version 0.1 wrote is read, and written in today's form") {
  io::SimulatedDisk disk;
  REQUIRE(disk.make_folder("/domains"));
  REQUIRE(io::replace_file(disk, "/domains/snapshot", octets_of_hex(snapshot_of_0_1)));
  auto log = open_log(disk);
  REQUIRE(log->load_holding(nothing_more));
  check_story_of_0_1(*log);
  DeadTexts dead;
  for (int n = 0; n < 100; ++n) REQUIRE(log->write({ReleasedRecord{1, storage::SegmentNumber{2}}}, dead));
  const auto snapshot = log->begin_snapshot(0);
  REQUIRE(snapshot);
  REQUIRE(*snapshot);
  REQUIRE(log->write_snapshot(**snapshot));
  log.reset();
  log = open_log(disk);
  log->with_state([](const DeliveryState& state) {
    CHECK_MESSAGE(state.incoming.released(1, storage::SegmentNumber{3}), "known before holding was read");
    CHECK(state.holding.messages() == 0);
    return 0;
  });
  REQUIRE(log->load_holding(nothing_more));
  check_story_of_0_1(*log);
}

TEST_CASE("delivery log: records that version 0.1 wrote are read") {
  for (const auto* hex : {"050103", "01010001000500000009000000000000000104001000000200000001010137", "0301000100050000000a000000000000000200200000ac0200",
                          "0201000100050000000b0000000000000001040030000001010e6d783a6578616d706c652e6e6574020240822d18240a0600005847f80d0000004090541f240a06001134353120342e372e31206c617465722031",
                          "0464000100000000004d000000000000000200400000bc030003", "0164000100000000004d0000000000000000000000000001010000"}) {
    const auto octets = octets_of_hex(hex);
    const auto record = decode_log_record(octets);
    REQUIRE(record);
    CHECK(decode_log_record(encode(*record)).has_value());
    CHECK(!decode_log_record(std::string_view(octets).substr(0, octets.size() - 1)));
    CHECK((may_concern_incoming(octets) || !concerns_incoming(*record)));
  }
}

TEST_CASE("delivery log: a damaged snapshot is told, and fresh mail's half does not need the rest of it") {
  io::SimulatedDisk disk;
  auto log = open_log(disk);
  REQUIRE(log->load_holding(nothing_more));
  DeadTexts dead;
  for (std::uint64_t n = 1; n <= 5'000; ++n)
    REQUIRE(log->write({HoldingRecord{id(n), {storage::SegmentNumber{1}, 8}, 10}, DeferredRecord{{id(n), 0, {}}, {schedule(0, 1)}}}, dead));
  const auto snapshot = log->begin_snapshot(0);
  REQUIRE(*snapshot);
  REQUIRE(log->write_snapshot(**snapshot));
  log.reset();
  auto octets = *io::read_file(disk, "/domains/snapshot");
  for (const auto at : {octets.size() / 2, octets.size() - 3}) {
    auto damaged = octets;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    REQUIRE(io::replace_file(disk, "/domains/snapshot", damaged));
    log = open_log(disk);
    const auto loaded = log->load_holding(nothing_more);
    REQUIRE(!loaded);
    CHECK(loaded.error().kind == SpoolFailure::Damaged);
    CHECK(log->with_state([](const DeliveryState& state) { return state.holding.messages(); }) == 0);
    CHECK_MESSAGE(!*log->begin_snapshot(0), "it must not be written over");
    log.reset();
  }
  REQUIRE(io::replace_file(disk, "/domains/snapshot", std::string_view(octets).substr(0, octets.size() - 30)));
  log = open_log(disk);
  CHECK(!log->load_holding(nothing_more));
  log.reset();
  REQUIRE(io::replace_file(disk, "/domains/snapshot", octets));
  log = open_log(disk);
  REQUIRE(log->load_holding(nothing_more));
  CHECK(log->with_state([](const DeliveryState& state) { return state.holding.deferred_recipients(); }) == 5'000);
}

TEST_CASE("held table: priorities and deadlines come with the times, through snapshots and log records, and go with their message") {
  HeldTable table;
  const WallTime deadline{std::chrono::seconds{1'900'000'000}};
  for (int n = -9; n <= 9; ++n) {
    const auto key = id(static_cast<std::uint32_t>(n + 20));
    table.place(key, text(3));
    table.set_facts(key, {1, 2, WallTime{std::chrono::seconds{n + 100}}, (1ULL << 57) - 1, static_cast<std::int8_t>(n), n % 2 == 0 ? WallTime{} : deadline});
    table.place(key, text(4));  // it moved
    table.defer(key, schedule(0, 1), {});
  }
  const auto check_all = [&](const HeldTable& one) {
    for (HeldTable::Row row = 0; row < one.rows(); ++row) {
      const auto times = one.times_at(row);
      const int n = static_cast<int>((*times.accepted_at - WallTime{}) / std::chrono::seconds{1}) - 100;
      CHECK(times.priority == n);
      CHECK(times.deadline == (n % 2 == 0 ? WallTime{} : deadline));
      CHECK(times.body_octets == (1ULL << 57) - 1);
    }
    std::size_t surveyed = 0;
    one.survey(0, 1'000, [&](const SurveyedMessage& message) { surveyed += message.octets == (1ULL << 57) - 1; });
    CHECK(surveyed == 19);
  };
  check_all(table);
  check_all(copied(table));
  for (const auto& facts : {MessageFacts{1, 2, deadline, 7}, MessageFacts{1, 2, deadline, 7, -9, {}}, MessageFacts{1, 2, deadline, 7, 0, deadline}})
    for (const LogRecord& record : {LogRecord{HoldingRecord{id(1), {}, 5, false, facts}}, LogRecord{GeneratedRecord{{id(1), {}, 5, false, facts}, 1, {}}}}) {
      const auto octets = encode(record);
      const auto read = decode_log_record(octets);
      REQUIRE(read);
      const auto* holding = std::get_if<HoldingRecord>(&*read);
      CHECK((holding != nullptr ? *holding : std::get<GeneratedRecord>(*read).text).facts == facts);
      CHECK(!may_concern_incoming(octets));
      for (std::size_t cut = 0; cut < octets.size(); ++cut) CHECK(!decode_log_record(std::string_view(octets).substr(0, cut)));
    }
  const auto odd = id(21);
  CHECK(table.close(odd, 0).has_value());
  table.place(odd, text(3));
  table.defer(odd, schedule(0, 1), {});
  for (HeldTable::Row row = 0; row < table.rows(); ++row)
    if (const auto times = table.times_at(row); times.id == odd) CHECK((times.priority == 0 && times.deadline == WallTime{}));
}
