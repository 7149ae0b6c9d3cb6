// BusySpool: a spool in which somebody else writes just before we do, or between two searches of ours, for tests of who meets whom.
#pragma once

#include <atomic>
#include <functional>

#include "services/spool/spool.h"

namespace hikyaku::delivery {

// Another's writing comes before each of the next `times`.
class BusySpool final : public spool::Spool {
 public:
  explicit BusySpool(spool::Spool& all) : all_(all) {}
  std::function<void()> meanwhile;  // on the thread that writes
  std::atomic<int> times = 0, writings = 0;
  std::function<void()> behind_search;  // once, when a search has ended

  spool::SpoolResult<std::vector<spool::FreshMessage>> fresh(std::size_t limit) override { return all_.fresh(limit); }
  spool::SpoolResult<> load_deferred() override { return all_.load_deferred(); }
  spool::SpoolResult<std::optional<spool::DeferredCursor>> deferred_times(
      const spool::DeferredFilter& filter, spool::DeferredCursor from, std::size_t limit,
      const std::function<void(const std::string&, const spool::DeferredTimes&)>& visit) override {
    return all_.deferred_times(filter, from, limit, visit);
  }
  spool::SpoolResult<spool::DeferredPage> find_deferred(const spool::DeferredFilter& filter, spool::DeferredCursor from, std::size_t limit, const spool::Enough& enough) override {
    return searched(all_.find_deferred(filter, from, limit, enough));
  }
  spool::SpoolResult<std::uint64_t> count_deferred(const spool::DeferredFilter& filter) override { return all_.count_deferred(filter); }
  std::vector<spool::DeferredRecipient> deferred(const TraceId& id) const override { return all_.deferred(id); }
  spool::SpoolResult<Envelope> envelope(const spool::MessageRef& message) override { return all_.envelope(message); }
  spool::SpoolResult<std::string> body(const spool::MessageRef& message, std::uint64_t offset, std::uint64_t octets) override { return all_.body(message, offset, octets); }
  spool::SpoolResult<spool::TextSum> text_sum(const spool::MessageRef& message) override { return all_.text_sum(message); }
  std::optional<std::string> text_at_hand(const spool::MessageRef&, std::uint64_t) override { return std::nullopt; }
  spool::SpoolResult<> settle(std::span<const spool::Settlement> all) override { return let_in(), all_.settle(all); }
  spool::SpoolResult<> generate(std::span<const spool::GeneratedMail> mails) override { return all_.generate(mails); }
  spool::SpoolResult<> defer(std::span<const spool::Deferral> all) override { return let_in(), all_.defer(all); }
  spool::SpoolResult<> flush() override { return all_.flush(); }
  bool has_unflushed() const override { return all_.has_unflushed(); }
  spool::SpoolResult<spool::FreshPage> find_fresh(const spool::FreshFilter& filter, const spool::FreshCursor& from, std::size_t limit, const spool::Enough& enough) override {
    return searched(all_.find_fresh(filter, from, limit, enough));
  }
  bool waits(const spool::MessageRef& message, std::uint32_t recipient) override { return all_.waits(message, recipient); }
  spool::SpoolResult<> tell(const spool::Notice& notice) override { return all_.tell(notice); }
  std::vector<std::uint32_t> fresh_recipients(const spool::MessageRef& message) const override { return all_.fresh_recipients(message); }
  std::uint8_t told_fresh(const spool::MessageRef& message, std::uint32_t recipient) const override { return all_.told_fresh(message, recipient); }
  bool survey(const spool::SurveyVisitor& visit) const override { return all_.survey(visit); }
  void set_arrival_watch(std::function<void(const Envelope&)> watch) override { all_.set_arrival_watch(std::move(watch)); }
  void set_trouble_watch(std::function<void(const spool::SpoolError&)> watch) override { all_.set_trouble_watch(std::move(watch)); }
  void set_flush_accounts(FlushAccounts flush) override { all_.set_flush_accounts(std::move(flush)); }
  spool::SpoolResult<> tend() override { return all_.tend(); }
  std::vector<TraceId> lowest_unreleased() const override { return all_.lowest_unreleased(); }
  bool in_holding(const TraceId& id) const override { return all_.in_holding(id); }
  void for_each_fresh(const std::function<void(const spool::MessageRef&)>& visit) const override { all_.for_each_fresh(visit); }
  spool::SpoolCounts counts() const override { return all_.counts(); }

 private:
  void let_in() {
    ++writings;
    if (times <= 0) return;
    --times;
    meanwhile();
  }
  template <class Page>
  Page searched(Page page) {
    if (const auto act = std::exchange(behind_search, nullptr)) act();
    return page;
  }
  spool::Spool& all_;
};

}  // namespace hikyaku::delivery
