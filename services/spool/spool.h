// Spool: everything `deliver` knows on disk, behind one door: the incoming journals (read and released), holding (the
// bodies of deferred mail) and domains (the delivery log). The seven rules of docs/architecture.md are kept here.
//
// All calls block and are thread-safe: make them on workers. One process has the spool at a time, by a lock held for
// its life; the command line opens it itself when deliver is stopped and runs the same code.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "io/disk.h"
#include "services/spool/message.h"
#include "services/spool/survey.h"
#include "services/spool/text_reader.h"

namespace hikyaku::spool {

struct SpoolOptions {
  std::string folder;  // ".../spool", holding incoming-1 ..., holding and domains
  std::uint16_t node = 1;
  std::uint64_t holding_segment_octets = 16 << 20;
  std::uint64_t domains_segment_octets = 8 << 20;
  std::uint64_t reserve_octets = 64 << 20;    // holding keeps writing until this little is free, domains to the end
  std::uint64_t snapshot_every_octets = 32 << 20;  // of delivery log
  std::uint64_t blob_octets = 1 << 20;        // larger texts are files of their own in holding too
  unsigned compact_below_percent = 50;        // a holding segment with less living mail is copied and released
  std::size_t most_open_segments = 64;        // descriptors kept for reading, for each journal
  enum class Loading : std::uint8_t { AtOnce, Later } loading = Loading::AtOnce;  // Later: load_deferred() is called soon
  std::uint64_t nonce_seed = 0;               // of the journals' secrets; 0: from the system. Tests give a seed.
};

struct SpoolCounts {
  std::uint64_t incoming_messages = 0;  // accepted and not settled, as far as incoming was read, generated mail included
  std::uint64_t incoming_octets = 0;
  std::uint64_t incoming_unread_octets = 0;  // about, of segments that were not read yet
  std::uint64_t holding_messages = 0;
  std::uint64_t holding_octets = 0;
  std::uint64_t domains_recipients = 0;  // deferred
  std::optional<WallTime> incoming_oldest;  // acceptance time
  std::optional<WallTime> holding_oldest;   // acceptance time, as far as it is known
  std::optional<WallTime> domains_oldest;   // first failed attempt
  std::uint64_t damaged_records = 0;
  bool incoming_is_read = true;  // to its end
};

class Spool {
 public:
  virtual ~Spool() = default;

  // NotOwner while another process has it. Settles incoming journals whose owner is gone; replays the delivery log, all of
  // it or, with Loading::Later, only what fresh mail needs.
  static SpoolResult<std::unique_ptr<Spool>> open(io::Disk& disk, SpoolOptions options);

  // The next messages that wait for their first attempt, each once in the life of this object, oldest first within a
  // journal. Empty: nothing new (look again on the doorbell, or after a second). Reads heads, never texts. What one
  // journal cannot read keeps nobody from the others: it fails only when nothing was taken, with the first trouble.
  virtual SpoolResult<std::vector<FreshMessage>> fresh(std::size_t limit) = 0;
  // Reads who is deferred. fresh() does not wait for it, nor do outcomes of messages in incoming that make no mail; what
  // concerns holding does, or begins it. At once when it is done already.
  virtual SpoolResult<> load_deferred() = 0;
  // The next deferred recipients that match from a place in their order (0: the first), at most `limit`; where to go on, or nothing.
  // What comes or goes meanwhile may be in it or not. No I/O; the spool's lock is held for a little at a time.
  virtual SpoolResult<std::optional<DeferredCursor>> deferred_times(const DeferredFilter& filter, DeferredCursor from, std::size_t limit,
                                                                    const std::function<void(const std::string& destination, const DeferredTimes&)>& visit) = 0;
  // Those that match. Addresses are compared by hashes of 32 bits, and those an older version deferred have none and always
  // match: who acts on them, or shows them, looks at the envelope too. No I/O; a million in about 20 ms.
  virtual SpoolResult<DeferredPage> find_deferred(const DeferredFilter& filter, DeferredCursor from, std::size_t limit, const Enough& enough) = 0;
  SpoolResult<DeferredPage> find_deferred(const DeferredFilter& filter, DeferredCursor from, std::size_t limit) {
    return find_deferred(filter, from, limit, {});
  }
  // Recipients before their first attempt that match, whether fresh() has given them or not; each decided on its envelope. A
  // million in incoming cost about 10 ms (incoming_search.h) as long as their segments have digests.
  virtual SpoolResult<FreshPage> find_fresh(const FreshFilter& filter, const FreshCursor& from, std::size_t limit, const Enough& enough) {
    return (void)filter, (void)from, (void)limit, (void)enough, FreshPage{};
  }
  // Whether it waits for its first attempt still: nothing was written of it. No I/O, once who is deferred was read.
  [[nodiscard]] virtual bool waits(const MessageRef& message, std::uint32_t recipient) { return (void)message, (void)recipient, false; }
  virtual SpoolResult<std::uint64_t> count_deferred(const DeferredFilter& filter) = 0;
  // All of them, by the above.
  void for_each_deferred(const std::function<void(const DeferredRecipient&)>& visit);
  [[nodiscard]] virtual std::vector<DeferredRecipient> deferred(const TraceId& id) const = 0;
  virtual SpoolResult<Envelope> envelope(const MessageRef& message) = 0;
  // At most `octets` from `offset`; shorter at the end. Its checksum is verified when that is the whole text (Damaged); who
  // passes a text on in pieces takes text(). Gone: the message was settled and its segment given back.
  virtual SpoolResult<std::string> body(const MessageRef& message, std::uint64_t offset, std::uint64_t octets) = 0;
  // The text from its beginning, verified on the way; `octets` of it, as the envelope says. Not longer than the spool lives.
  [[nodiscard]] std::unique_ptr<TextReader> text(const MessageRef& message, std::uint64_t octets);
  virtual SpoolResult<TextSum> text_sum(const MessageRef& message) = 0;
  // The whole text, verified, of a message from fresh() when it can be had without waiting for the disk or another thread, as
  // what was accepted a moment ago nearly always can. Nothing otherwise: text() tells why. For event loops.
  virtual std::optional<std::string> text_at_hand(const MessageRef& message, std::uint64_t octets) = 0;

  // Outcomes. When it returns they are with the operating system (a crash of this process repeats none of them), and
  // on disk after the next flush() - SpoolFlusher does it within 20 ms. An outcome for a settled recipient is ignored.
  // With generated mail it is on disk when it returns. The caller no longer reads a message all of whose recipients it
  // settled or deferred. Overtaken: nothing was written of any; told one by one, it is the one that was.
  virtual SpoolResult<> settle(std::span<const Settlement> settlements) = 0;
  // Mail of ours that no mail causes (a report to a domain's owner), to be delivered as if it were fresh. Durable when it returns;
  // one whose id is in holding still is ignored.
  virtual SpoolResult<> generate(std::span<const GeneratedMail> mails) = 0;
  // Durable when it returns, in the order of rule 3: text in holding, schedule record, then the incoming record is
  // settled. For a recipient already deferred: its new schedule only. Many at once share their flushes. Overtaken: as above.
  virtual SpoolResult<> defer(std::span<const Deferral> deferrals) = 0;
  // One group, durable when it returns; told again, it changes nothing. NotFound: one of them has had its end meanwhile, or, of a
  // message in incoming, was deferred; nothing was written, and the notice is to be made anew.
  virtual SpoolResult<> tell(const Notice& notice) { return (void)notice, failure(SpoolError{SpoolFailure::NotFound, "nothing is in holding"}); }
  virtual SpoolResult<> flush() = 0;
  [[nodiscard]] virtual bool has_unflushed() const = 0;

  // Called before a segment is released with the accounts that lazy copies from it were made for: flush bodies, then
  // indexes. It may take its time, nothing else waits for it. While it fails, the segment is not released. Without it DeliveredLazy outcomes never release a segment.
  using FlushAccounts = std::function<bool(const std::vector<std::string>& accounts)>;
  virtual void set_flush_accounts(FlushAccounts flush) = 0;
  // Releases what is done, compacts holding, writes snapshots, tends the pools. Every second or so, by one thread, which is
  // not the one that flushes.
  virtual SpoolResult<> tend() = 0;

  // For each incoming journal: below this id nothing that was accepted by now is delivered again, because no segment that
  // holds it is left, nor a copy in holding. Costs a look at every message in holding. A message that was still arriving may get a lower id than others accepted before it. A journal that
  // was not read to its end is left out.
  [[nodiscard]] virtual std::vector<TraceId> lowest_unreleased() const = 0;
  // Whether a message is in holding with recipients that have no end yet. Of mail of ours, which is born there: whether it
  // can be delivered again. What is not there by now comes back only when the power fails before the next flush().
  [[nodiscard]] virtual bool in_holding(const TraceId& id) const = 0;
  // Messages of incoming that were read and wait for a first attempt; for listings. Whose mailbox has a lazy copy of an
  // earlier life, to be confirmed, does not wait: in no count either.
  virtual void for_each_fresh(const std::function<void(const MessageRef&)>& visit) const = 0;
  // Of one of those, its recipients that wait.
  [[nodiscard]] virtual std::vector<std::uint32_t> fresh_recipients(const MessageRef& message) const { return (void)message, std::vector<std::uint32_t>{}; }
  // What its sender was told of one that waits for its first attempt: told_bits.
  [[nodiscard]] virtual std::uint8_t told_fresh(const MessageRef& message, std::uint32_t recipient) const { return (void)message, (void)recipient, std::uint8_t{0}; }
  [[nodiscard]] virtual SpoolCounts counts() const = 0;

  // Each message that waits, once, as far as incoming was read; what comes or goes meanwhile may be in it or not. False: who
  // is deferred was not read yet, nothing was visited. No I/O; about 0.1 s a million, the spool's locks held for a little at a time. The visitor must not call the spool.
  virtual bool survey(const SurveyVisitor& visit) const { return (void)visit, false; }
  // Called with the envelope of each message that fresh() takes from incoming, on its thread; a message of an earlier life again.
  // Set before the first fresh().
  virtual void set_arrival_watch(std::function<void(const Envelope&)> watch) { (void)watch; }
  // Called with what fresh() could not read and does not return, having taken other messages or met other trouble first; on its
  // thread, again with each call while it lasts. Set before the first fresh().
  virtual void set_trouble_watch(std::function<void(const SpoolError&)> watch) { (void)watch; }
};

}  // namespace hikyaku::spool
