// What it costs a message to know where its time went: the turns of its clock with the time read at each, the whole account,
// and the log line with and without it. CPU time, so that a busy machine does not matter. bench/why holds it against the CPU of a whole message.
#include <cstdio>
#include <ctime>

#include "services/delivery/why/spent_times.h"
#include "services/telemetry/events.h"
#include "services/telemetry/log.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

constexpr int messages = 500'000;

template <class Work>
double nanoseconds(Work work) {
  const auto begin = std::clock();
  for (int n = 0; n < messages; ++n) work();
  return static_cast<double>(std::clock() - begin) * 1e9 / CLOCKS_PER_SEC / messages;
}

CauseClock account(const SystemClock& time) {
  CauseWatch watch(time, CauseClock(time.wall(), Cause::Slot));
  for (const auto cause : {Cause::Dns, Cause::Connect, Cause::Reply, Cause::Tls, Cause::Reply, Cause::Disk, Cause::Reply, Cause::Disk}) watch.turn(cause);
  CauseClock whole(watch.clock().since() - std::chrono::milliseconds{1});
  whole.append(watch.clock());
  whole.spend(time.wall());
  return whole;
}

}  // namespace

int main() {
  const SystemClock time;
  std::size_t octets = 0;
  const telemetry::Fields fields{.message = TraceId{1, 1, 1, 1}, .sender = "taro@a.example", .recipient = "hanako@b.example", .destination = "mx:mx.b.example",
                                 .next_hop = "mx.b.example", .reply = "250 2.0.0 Taken as 4F8A1", .octets = 10'240, .accepted_at = time.wall()};
  const double counted = nanoseconds([&] { octets += static_cast<std::size_t>(account(time).total().count() & 1); });
  const double plain = nanoseconds([&] { octets += telemetry::json_line(telemetry::events::mail_sent, fields, time.wall(), "deliver").size(); });
  const double told = nanoseconds([&] {
    const auto spent = account(time);
    const SpentTimes times(spent);
    auto with = fields;
    with.since = spent.since(), with.spent = times.named();
    octets += telemetry::json_line(telemetry::events::mail_sent, with, time.wall(), "deliver").size();
  });
  std::printf("{\"account_ns\": %.0f, \"line_ns\": %.0f, \"line_with_account_ns\": %.0f, \"more_us\": %.3f, \"octets\": %zu}\n", counted, plain, told, (told - plain) / 1'000, octets);
  return 0;
}
