// The Spool over file journals. Private to services/spool; opened by Spool::open.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "services/spool/delivery_log.h"
#include "services/spool/holding.h"
#include "services/spool/incoming_reader.h"
#include "services/spool/spool.h"

namespace hikyaku::spool {

class SpoolOnDisk final : public Spool {
 public:
  SpoolOnDisk(io::Disk& disk, SpoolOptions options) : disk_(disk), options_(std::move(options)) {}
  SpoolResult<> load();

  SpoolResult<std::vector<FreshMessage>> fresh(std::size_t limit) override;
  SpoolResult<> load_deferred() override;
  SpoolResult<std::optional<DeferredCursor>> deferred_times(
      const DeferredFilter& filter, DeferredCursor from, std::size_t limit,
      const std::function<void(const std::string& destination, const DeferredTimes&)>& visit) override;
  using Spool::find_deferred;
  SpoolResult<DeferredPage> find_deferred(const DeferredFilter& filter, DeferredCursor from, std::size_t limit, const Enough& enough) override;
  SpoolResult<FreshPage> find_fresh(const FreshFilter& filter, const FreshCursor& from, std::size_t limit, const Enough& enough) override;
  [[nodiscard]] bool waits(const MessageRef& message, std::uint32_t recipient) override;
  SpoolResult<std::uint64_t> count_deferred(const DeferredFilter& filter) override;
  [[nodiscard]] std::vector<DeferredRecipient> deferred(const TraceId& id) const override;
  SpoolResult<Envelope> envelope(const MessageRef& message) override;
  SpoolResult<std::string> body(const MessageRef& message, std::uint64_t offset, std::uint64_t octets) override;
  std::optional<std::string> text_at_hand(const MessageRef& message, std::uint64_t octets) override;
  SpoolResult<TextSum> text_sum(const MessageRef& message) override;
  SpoolResult<> settle(std::span<const Settlement> settlements) override;
  SpoolResult<> generate(std::span<const GeneratedMail> mails) override;
  SpoolResult<> defer(std::span<const Deferral> deferrals) override;
  SpoolResult<> tell(const Notice& notice) override;
  SpoolResult<> flush() override;
  [[nodiscard]] bool has_unflushed() const override { return log_->has_unflushed(); }
  void set_flush_accounts(FlushAccounts flush) override;
  SpoolResult<> tend() override;
  [[nodiscard]] std::vector<TraceId> lowest_unreleased() const override;
  [[nodiscard]] bool in_holding(const TraceId& id) const override { return held(id).has_value(); }
  void for_each_fresh(const std::function<void(const MessageRef&)>& visit) const override;
  [[nodiscard]] std::vector<std::uint32_t> fresh_recipients(const MessageRef& message) const override;
  [[nodiscard]] std::uint8_t told_fresh(const MessageRef& message, std::uint32_t recipient) const override;
  [[nodiscard]] SpoolCounts counts() const override;
  bool survey(const SurveyVisitor& visit) const override;
  void set_arrival_watch(std::function<void(const Envelope&)> watch) override { arrival_watch_ = std::move(watch); }
  void set_trouble_watch(std::function<void(const SpoolError&)> watch) override { trouble_watch_ = std::move(watch); }

 private:
  using Readers = std::map<std::uint16_t, std::shared_ptr<IncomingReader>>;

  SpoolResult<> find_journals();
  [[nodiscard]] std::shared_ptr<IncomingReader> reader(std::uint16_t journal) const;
  [[nodiscard]] std::optional<Held> held(const TraceId& id) const;
  template <class Read>
  auto read_held(const TraceId& id, Read read) -> decltype(read(std::declval<const Held&>()));
  SpoolResult<> fresh_generated(std::size_t limit, std::vector<FreshMessage>& out);
  // False: the page is full, or it was enough.
  SpoolResult<bool> find_generated(const FreshFilter& filter, const FreshCursor& from, std::size_t limit, const Enough& enough, FreshPage& page);

  // Texts first, flushed; what the log says of them after.
  SpoolResult<std::map<TraceId, HoldingRecord>> hold_generated(std::span<const GeneratedMail* const> mails);
  struct HeldNow {
    std::map<TraceId, HoldingRecord> texts;  // not in holding before
    std::map<TraceId, Envelope> envelopes;   // of messages with a recipient not deferred before
  };
  SpoolResult<HeldNow> hold_deferred(std::span<const Deferral> deferrals);
  SpoolResult<> write(const std::vector<LogRecord>& group);
  void note_settled(const MessageRef& message, std::uint32_t recipient);
  [[nodiscard]] bool is_repeated(const Settlement& settlement) const;
  [[nodiscard]] bool is_repeated(const Deferral& deferral) const;
  // spool_overtaken.cc: whose decision rests on what is not so any more
  [[nodiscard]] bool is_overtaken(const Settlement& settlement) const;
  [[nodiscard]] bool is_overtaken(const Deferral& deferral) const;
  template <class Writings>
  SpoolResult<> refuse_overtaken(const Writings& writings) const;
  // Of each recipient that a notice names, what it changes. NotFound: one of them does not wait any more.
  struct ToldNow {
    DeferredRecord deferred;
    ToldRecord fresh;
    bool news = false;
  };
  SpoolResult<ToldNow> tell_each(const Notice& notice) const;
  [[nodiscard]] std::vector<Schedule> as_written(const Deferral& deferral) const;
  static void add_generated(const std::vector<GeneratedMail>& mails, std::map<TraceId, HoldingRecord>& texts,
                            std::vector<LogRecord>& group);
  // Every flush of the log goes through here.
  SpoolResult<> flush_log();
  // The blobs of dead texts, once what ended them is flushed.
  SpoolResult<> bury_dead();
  SpoolResult<> bury_before(const std::vector<TextToHold>& texts);

  using DoneSegments = std::vector<std::pair<std::shared_ptr<IncomingReader>, storage::SegmentNumber>>;
  DoneSegments done_and_flushed();
  SpoolResult<> release(const DoneSegments& done);
  SpoolResult<> compact_one();
  SpoolResult<> tend_holding();
  void compact_replies();

  io::Disk& disk_;
  const SpoolOptions options_;
  std::unique_ptr<DeliveryLog> log_;
  std::unique_ptr<Holding> holding_;
  mutable std::mutex readers_mutex_;
  Readers readers_;
  std::mutex write_mutex_;  // settle, defer, flush and tend, one at a time
  DeadTexts dead_;          // with write_mutex_: their blobs go after the next flush
  mutable std::mutex fresh_mutex_;
  std::deque<TraceId> generated_;      // to be handed out, with fresh_mutex_
  std::vector<TraceId> unannounced_;   // of groups that are not flushed yet, with write_mutex_
  std::mutex load_mutex_;
  bool loaded_ = false;  // with load_mutex_
  FlushAccounts flush_accounts_;
  std::function<void(const Envelope&)> arrival_watch_;
  std::function<void(const SpoolError&)> trouble_watch_;
  std::set<storage::SegmentNumber> uncompactable_;  // of holding: with a damaged text that somebody waits for
};

}  // namespace hikyaku::spool
