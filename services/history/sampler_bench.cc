// What a sample costs: a million deferred recipients of distinct senders at 5,000 destinations, and a million for one.
// Build: cmake --build --preset release --target sampler_bench
#include <algorithm>
#include <ctime>
#include <cstdio>
#include <vector>

#include "services/history/sampler.h"
#include "services/spool/held_table.h"

namespace {

using namespace hikyaku;
using spool::SpoolResult;

// A spool that holds one table and does nothing else.
class TableSpool final : public spool::Spool {
 public:
  spool::HeldTable table;
  bool survey(const spool::SurveyVisitor& visit) const override {
    for (spool::HeldTable::Slot from = 0; from < table.slots();) from = table.survey(from, 8'192, visit);
    return true;
  }
  SpoolResult<Envelope> envelope(const spool::MessageRef&) override { return Envelope{}; }
  spool::SpoolCounts counts() const override { return {}; }
  SpoolResult<std::vector<spool::FreshMessage>> fresh(std::size_t) override { return {}; }
  SpoolResult<> load_deferred() override { return {}; }
  SpoolResult<std::optional<spool::DeferredCursor>> deferred_times(const spool::DeferredFilter&, spool::DeferredCursor, std::size_t,
                                                                   const std::function<void(const std::string&, const spool::DeferredTimes&)>&) override { return {}; }
  SpoolResult<spool::DeferredPage> find_deferred(const spool::DeferredFilter&, spool::DeferredCursor, std::size_t, const spool::Enough&) override { return {}; }
  SpoolResult<std::uint64_t> count_deferred(const spool::DeferredFilter&) override { return 0; }
  std::vector<spool::DeferredRecipient> deferred(const TraceId&) const override { return {}; }
  SpoolResult<std::string> body(const spool::MessageRef&, std::uint64_t, std::uint64_t) override { return {}; }
  SpoolResult<spool::TextSum> text_sum(const spool::MessageRef&) override { return {}; }
  std::optional<std::string> text_at_hand(const spool::MessageRef&, std::uint64_t) override { return {}; }
  SpoolResult<> generate(std::span<const spool::GeneratedMail>) override { return {}; }
  SpoolResult<> settle(std::span<const spool::Settlement>) override { return {}; }
  SpoolResult<> defer(std::span<const spool::Deferral>) override { return {}; }
  SpoolResult<> flush() override { return {}; }
  bool has_unflushed() const override { return false; }
  void set_flush_accounts(FlushAccounts) override {}
  SpoolResult<> tend() override { return {}; }
  std::vector<TraceId> lowest_unreleased() const override { return {}; }
  bool in_holding(const TraceId&) const override { return false; }
  void for_each_fresh(const std::function<void(const spool::MessageRef&)>&) const override {}
};

void fill(TableSpool& spool, std::uint32_t destinations) {
  for (std::uint32_t n = 0; n < 1'000'000; ++n) {
    const TraceId id{1, 1, 7, n};
    spool.table.place(id, {{storage::SegmentNumber{n / 4'000}, 64}, 10'000, false});
    spool.table.set_facts(id, {n * 2654435761U | 1, 0, WallTime{std::chrono::seconds{1'700'000'000 + n / 100}}, 10'000});
    spool::Schedule schedule;
    schedule.destination = "mx:d" + std::to_string(n % destinations) + ".example";
    schedule.failure_class = static_cast<std::uint8_t>(n % 5);
    schedule.first_failed = WallTime{std::chrono::seconds{1'700'000'000 + n / 100}};
    spool.table.defer(id, schedule, {n + 1, n % destinations + 1});
  }
}

}  // namespace

int main() {
  for (const std::uint32_t destinations : {5'000U, 1U}) {
    TableSpool spool;
    fill(spool, destinations);
    history::Sampler sampler([](std::uint8_t number) { return std::to_string(number); });
    std::vector<double> times;
    for (int round = 0; round < 7; ++round) {
      const auto begin = std::clock();
      const auto points = sampler.take(spool, WallTime{std::chrono::seconds{1'700'020'000}});
      times.push_back(1'000.0 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
      if (points.empty()) return 1;
    }
    std::ranges::sort(times);
    std::printf("%u destinations: median %.0f ms, %.0f to %.0f ms of processor time a sample of a million recipients\n", destinations, times[3], times[0], times[6]);
  }
  return 0;
}
