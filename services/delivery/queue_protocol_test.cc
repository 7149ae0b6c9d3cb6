#include <doctest/doctest.h>

#include "services/delivery/queue_protocol.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

TEST_CASE("queue protocol: requests come back as they were; every cut is refused") {
  QueueListRequest list;
  list.filter.id = TraceId{1, 2, 3, 4};
  list.filter.sender = "<>";
  list.filter.domain = "例え.jp";
  list.filter.error = "4.7.1";
  list.filter.code = "451";
  list.filter.at_least_old = std::chrono::hours{3};
  list.filter.account = "taro@b.example";
  list.filter.failure_class = std::uint8_t{4};
  list.filter.at_most_old = std::chrono::hours{9};
  list.filter.least_octets = 7;
  list.after = {7, spool::FreshCursor{3, {storage::SegmentNumber{1ULL << 40}, 4096}, 9}};
  list.limit = 50;
  const auto bytes = encode(QueueRequest{list});
  const auto back = decode_queue_request(bytes);
  REQUIRE(back);
  CHECK(std::get<QueueListRequest>(*back).filter == list.filter);
  CHECK(std::get<QueueListRequest>(*back).limit == 50);
  CHECK(std::get<QueueListRequest>(*back).after == list.after);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) CHECK(!decode_queue_request(bytes.substr(0, cut)));
  CHECK(!decode_queue_request(bytes + "x"));
  CHECK(!decode_queue_request("\x09"));
  const QueueActionRequest act{{}, {QueueActionKind::RedirectHost, "relay.example:2525"}, ActionRun::Real, {77, spool::FreshCursor{3, {storage::SegmentNumber{9}, 4'096}, 2}}, 99'999, "taro (sudo)"};
  const auto asked = decode_queue_request(encode(QueueRequest{act}));
  REQUIRE(asked);
  CHECK(std::get<QueueActionRequest>(*asked).action == act.action);
  CHECK(std::get<QueueActionRequest>(*asked).run == ActionRun::Real);
  CHECK(std::get<QueueActionRequest>(*asked).after == act.after);
  CHECK(std::get<QueueActionRequest>(*asked).limit == 2'000);
  CHECK(std::get<QueueActionRequest>(*asked).by == act.by);
  for (const std::optional<SummaryCursor>& after : {std::optional<SummaryCursor>{}, std::optional(SummaryCursor{1ULL << 40, "mx:a.example"})}) {
    const auto summed = decode_queue_request(encode(QueueRequest{QueueSummaryRequest{list.filter, 5, after}}));
    REQUIRE(summed);
    CHECK(std::get<QueueSummaryRequest>(*summed).after == after);
    CHECK(std::get<QueueSummaryRequest>(*summed).filter == list.filter);
  }
}

TEST_CASE("queue protocol: replies come back as they were") {
  QueueItem item;
  item.id = {1, 1, 1, 9};
  item.state = QueueState::Deferred;
  item.sender = "a@b.example", item.recipient = "c@d.example", item.destination = "mx:d.example";
  item.last_reply = "451 4.7.1 later";
  item.attempts = 7;
  item.next_due = WallTime{std::chrono::seconds{1'700'000'000}};
  item.hold = 3;
  directory::Hold hold;
  hold.id = 3, hold.scope = directory::HoldScope::Sender, hold.pattern = "b.example", hold.reason = "disk exchange";
  const auto bytes = encode(QueueReply{QueueList{{item, item}, QueueCursor{12, std::nullopt}, {hold}}});
  const auto back = decode_queue_reply(bytes);
  REQUIRE(back);
  const auto& list = std::get<QueueList>(*back);
  CHECK(list.next == QueueCursor{12, std::nullopt});
  REQUIRE(list.items.size() == 2);
  CHECK(list.items[1] == item);
  CHECK(list.holds == std::vector{hold});
  CHECK(list.hold_of(item)->reason == "disk exchange");
  item.hold = 4;
  CHECK(list.hold_of(item) == nullptr);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) CHECK(!decode_queue_reply(bytes.substr(0, cut)));
  spool::SpoolCounts counts;
  counts.domains_recipients = 12;
  counts.domains_oldest = WallTime{std::chrono::seconds{5}};
  const auto counted = decode_queue_reply(encode(QueueReply{counts}));
  REQUIRE(counted);
  CHECK(std::get<spool::SpoolCounts>(*counted).domains_oldest == counts.domains_oldest);
  CHECK(!std::get<spool::SpoolCounts>(*counted).incoming_oldest);
  QueueSummary summary;
  summary.destinations.resize(2);
  summary.destinations[1].destination = "mx:d.example";
  summary.destinations[1].by_age[3] = 9;
  summary.destinations[1].gives_up = WallTime{std::chrono::seconds{6}};
  summary.left_out = 4;
  const auto summed = encode(QueueReply{summary});
  const auto told = decode_queue_reply(summed);
  REQUIRE(told);
  CHECK(std::get<QueueSummary>(*told).destinations == summary.destinations);
  for (std::size_t cut = 0; cut < summed.size(); ++cut) CHECK(!decode_queue_reply(summed.substr(0, cut)));
  const auto acted = decode_queue_reply(encode(QueueReply{QueueActionReply{3, QueueCursor{17, {}}, {"B: damaged"}, {{7, 2}, {1ULL << 40, 1}}}}));
  REQUIRE(acted);
  CHECK(std::get<QueueActionReply>(*acted).next == QueueCursor{17, {}});
  CHECK(std::get<QueueActionReply>(*acted).troubles.size() == 1);
  CHECK(std::get<QueueActionReply>(*acted).kept == std::map<std::uint64_t, std::uint64_t>{{7, 2}, {1ULL << 40, 1}});
  CHECK(std::get<QueueRefusal>(*decode_queue_reply(encode(QueueReply{QueueRefusal{"no"}}))).what == "no");
}

TEST_CASE("queue protocol: why is asked and answered; every cut is refused") {
  for (const auto& request : {QueueWhyRequest{TraceId{1, 2, 3, 4}, ""}, QueueWhyRequest{std::nullopt, "例え.jp"}}) {
    const auto bytes = encode(QueueRequest{request});
    const auto back = decode_queue_request(bytes);
    REQUIRE(back);
    CHECK(std::get<QueueWhyRequest>(*back).id == request.id);
    CHECK(std::get<QueueWhyRequest>(*back).domain == request.domain);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) CHECK(!decode_queue_request(bytes.substr(0, cut)));
  }
  const WallTime now{std::chrono::seconds{1'700'000'000}};
  WhyAnswer answer;
  RecipientNow recipient;
  recipient.item.recipient = "c@d.example";
  recipient.place = Place::Lane;
  recipient.spent = CauseClock(now, Cause::Dns);
  recipient.spent.turn(Cause::Rate, now + 5s);
  recipient.spent.spend(now + 7s);
  answer.recipients.push_back(recipient);
  DestinationNow destination;
  destination.key = "mx:d.example", destination.known = Knowledge::Untested, destination.limit = 3, destination.most = 20, destination.fresh_waits_for = Cause::Rate;
  destination.next_probe = now, destination.greylist_wait = 300s, destination.evidence_words = "421 too many";
  answer.destinations.push_back(destination);
  answer.deferred.push_back({.destination = "mx:d.example"});
  answer.server = ServerNow{.lanes = {}, .fresh_in_use = 4, .retry_in_use = 2, .fresh_waiting = 9, .retry_waiting = 1, .dns_trouble_since = now};
  const auto bytes = encode(QueueReply{answer});
  const auto back = decode_queue_reply(bytes);
  REQUIRE(back);
  const auto& why = std::get<WhyAnswer>(*back);
  REQUIRE(why.recipients.size() == 1);
  CHECK(why.recipients[0].place == Place::Lane);
  CHECK(why.recipients[0].spent == recipient.spent);
  REQUIRE(why.destinations.size() == 1);
  CHECK(why.destinations[0].most == 20);
  CHECK(why.destinations[0].known == Knowledge::Untested);
  CHECK(why.destinations[0].greylist_wait == Duration{300s});
  CHECK(why.destinations[0].evidence_words == "421 too many");
  REQUIRE(why.server);
  CHECK(why.server->dns_trouble_since == now);
  CHECK(why.server->fresh_in_use == 4);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) CHECK(!decode_queue_reply(bytes.substr(0, cut)));
}
