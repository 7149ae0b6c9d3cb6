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
  list.filter.at_least_old = std::chrono::hours{3};
  list.limit = 50;
  const auto bytes = encode(QueueRequest{list});
  const auto back = decode_queue_request(bytes);
  REQUIRE(back);
  CHECK(std::get<QueueListRequest>(*back).filter == list.filter);
  CHECK(std::get<QueueListRequest>(*back).limit == 50);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) CHECK(!decode_queue_request(bytes.substr(0, cut)));
  CHECK(!decode_queue_request(bytes + "x"));
  CHECK(!decode_queue_request("\x09"));
  CHECK(std::get<QueueRetryRequest>(*decode_queue_request(encode(QueueRequest{QueueRetryRequest{{}, RetryRun::Real}}))).run == RetryRun::Real);
}

TEST_CASE("queue protocol: replies come back as they were") {
  QueueItem item;
  item.id = {1, 1, 1, 9};
  item.state = QueueState::Deferred;
  item.sender = "a@b.example", item.recipient = "c@d.example", item.destination = "mx:d.example";
  item.last_reply = "451 4.7.1 later";
  item.attempts = 7;
  item.next_due = WallTime{std::chrono::seconds{1'700'000'000}};
  const auto bytes = encode(QueueReply{QueueList{{item, item}, true}});
  const auto back = decode_queue_reply(bytes);
  REQUIRE(back);
  const auto& list = std::get<QueueList>(*back);
  CHECK(list.more);
  REQUIRE(list.items.size() == 2);
  CHECK(list.items[1] == item);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) CHECK(!decode_queue_reply(bytes.substr(0, cut)));
  spool::SpoolCounts counts;
  counts.domains_recipients = 12;
  counts.domains_oldest = WallTime{std::chrono::seconds{5}};
  const auto counted = decode_queue_reply(encode(QueueReply{counts}));
  REQUIRE(counted);
  CHECK(std::get<spool::SpoolCounts>(*counted).domains_oldest == counts.domains_oldest);
  CHECK(!std::get<spool::SpoolCounts>(*counted).incoming_oldest);
  CHECK(std::get<QueueRefusal>(*decode_queue_reply(encode(QueueReply{QueueRefusal{"no"}}))).what == "no");
}
