#include "services/delivery/settler.h"

#include <doctest/doctest.h>

#include "io/test_loop.h"

using namespace hikyaku;
using namespace hikyaku::delivery;

namespace {

constexpr std::uint64_t damaged = 13, over = 14, overtaken = 15;

// Writes down what it is given; messages with two sequence numbers have a trouble of their own.
class PickySpool final : public spool::Spool {
 public:
  spool::SpoolResult<std::vector<spool::FreshMessage>> fresh(std::size_t) override { return std::vector<spool::FreshMessage>{}; }
  spool::SpoolResult<> load_deferred() override { return {}; }
  spool::SpoolResult<std::optional<spool::DeferredCursor>> deferred_times(
      const spool::DeferredFilter&, spool::DeferredCursor, std::size_t, const std::function<void(const std::string&, const spool::DeferredTimes&)>&) override {
    return std::nullopt;
  }
  spool::SpoolResult<spool::DeferredPage> find_deferred(const spool::DeferredFilter&, spool::DeferredCursor, std::size_t, const spool::Enough&) override {
    return spool::DeferredPage{};
  }
  spool::SpoolResult<std::uint64_t> count_deferred(const spool::DeferredFilter&) override { return 0; }
  std::vector<spool::DeferredRecipient> deferred(const TraceId&) const override { return {}; }
  spool::SpoolResult<Envelope> envelope(const spool::MessageRef&) override { return Envelope{}; }
  spool::SpoolResult<std::string> body(const spool::MessageRef&, std::uint64_t, std::uint64_t) override { return std::string(); }
  spool::SpoolResult<spool::TextSum> text_sum(const spool::MessageRef&) override { return spool::TextSum{}; }
  std::optional<std::string> text_at_hand(const spool::MessageRef&, std::uint64_t) override { return std::nullopt; }
  spool::SpoolResult<> settle(std::span<const spool::Settlement> all) override { return take(all); }
  spool::SpoolResult<> generate(std::span<const spool::GeneratedMail>) override { return {}; }
  spool::SpoolResult<> defer(std::span<const spool::Deferral> all) override { return take(all); }
  spool::SpoolResult<> flush() override { return {}; }
  bool has_unflushed() const override { return false; }
  void set_flush_accounts(FlushAccounts) override {}
  spool::SpoolResult<> tend() override { return {}; }
  std::vector<TraceId> lowest_unreleased() const override { return {}; }
  bool in_holding(const TraceId&) const override { return false; }
  void for_each_fresh(const std::function<void(const spool::MessageRef&)>&) const override {}
  spool::SpoolCounts counts() const override { return {}; }

  std::vector<std::uint64_t> written;

 private:
  template <class All>
  spool::SpoolResult<> take(const All& all) {
    for (const auto& one : all) {
      if (one.message.id.sequence == damaged) return failure(spool::SpoolError{spool::SpoolFailure::Damaged, "its body is damaged"});
      if (one.message.id.sequence == over) return failure(spool::SpoolError{spool::SpoolFailure::NotFound, "not in holding"});
      if (one.message.id.sequence == overtaken) return failure(spool::SpoolError{spool::SpoolFailure::Overtaken, "changed meanwhile"});
      written.push_back(one.message.id.sequence);
    }
    return {};
  }
};

spool::MessageRef message(std::uint64_t sequence) { return {{1, 1, 1, sequence}, 1, {}}; }

struct Rig {
  PickySpool spool;
  spool::SpoolFlusher flusher{spool, nullptr};
  io::Workers workers{1, 10};
  io::Loop loop;
  Settler settler{loop, workers, spool, flusher, telemetry::discarding_log()};
  std::vector<Settler::Ending> endings{6, Settler::Ending::Stopped};
  int left = 6;

  Task<void> defer(std::uint64_t sequence, std::size_t at) {
    auto deferring = settler.defer({message(sequence), {}, {}});
    endings[at] = co_await std::move(deferring);
    if (--left == 0) loop.stop();
  }
  Task<void> settle(std::uint64_t sequence, std::size_t at) {
    auto settling = settler.settle({message(sequence), {}, {}});
    endings[at] = co_await std::move(settling);
    if (--left == 0) loop.stop();
  }
  Task<void> give_up() {
    co_await loop.sleep_until(loop.after(5s));
    loop.stop();
  }
};

}  // namespace

TEST_CASE("settler: a message that cannot be written holds up no other") {
  Rig rig;
  rig.loop.spawn(rig.defer(1, 0));
  rig.loop.spawn(rig.defer(damaged, 1));
  rig.loop.spawn(rig.settle(2, 2));
  rig.loop.spawn(rig.defer(over, 3));
  rig.loop.spawn(rig.settle(3, 4));
  rig.loop.spawn(rig.settle(overtaken, 5));
  rig.loop.spawn(rig.give_up());
  rig.loop.run();
  using enum Settler::Ending;
  CHECK(rig.endings == std::vector{Written, Impossible, Written, Over, Written, Overtaken});
  for (const std::uint64_t sequence : {1, 2, 3}) CHECK(std::ranges::count(rig.spool.written, sequence) >= 1);
}
