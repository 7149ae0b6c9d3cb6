// IncomingWriter: the writing end of an incoming journal, in `receive`. One flusher thread gathers what all sessions of
// all loops have ready, appends it with one flush, and answers each; only then may their 250s be sent.
//
// There is no timer: a lone client's message is flushed at once, and while a flush runs the others gather for the next.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "io/disk.h"
#include "mail/envelope.h"
#include "services/spool/digest_keeper.h"
#include "services/spool/message_sink.h"
#include "storage/file_journal.h"

namespace hikyaku::spool {

struct IncomingOptions {
  std::string folder;          // ".../spool/incoming-1"; made when missing
  std::uint16_t node = 1;
  std::uint16_t journal = 1;   // the number in the folder's name, from 1
  storage::FileJournalOptions segments;
  std::uint64_t most_queued_octets = 64 << 20;  // gathered while a flush runs; beyond it submit answers NoSpace
  std::uint64_t group_octets = 8 << 20;         // in one flush
  std::uint64_t inline_octets = 1 << 20;        // larger texts are blobs beside the journal
  std::size_t digest_part = DigestKeeper::usual_part;  // messages
};

struct Submission {
  Envelope envelope;  // its id from next_id(); body_octets is set by submit
  MessageBody body;
  // Called once, on the flusher thread (post to your loop; do not block). Success: durable, answer 250. NoSpace: 452
  // 4.3.1. Anything else: 451. After an error the message is void: nobody will deliver it.
  std::move_only_function<void(SpoolResult<>)> on_done;
};

struct IncomingStatistics {
  std::uint64_t messages = 0, octets = 0, groups = 0, flushes = 0;
};

class IncomingWriter {
 public:
  // Takes the journal over (NotOwner while another process has it) and settles what its last owner left.
  static SpoolResult<std::unique_ptr<IncomingWriter>> open(io::Disk& disk, IncomingOptions options);
  // As stop().
  ~IncomingWriter();

  // Any thread, no I/O, never waits. Unique for ever: the journal's fencing token is in it.
  [[nodiscard]] TraceId next_id();
  [[nodiscard]] MessageSink new_sink() const;
  // Any thread, never waits. on_done is called in any case, on this thread when the queue is full or stopped.
  void submit(Submission submission);
  // Answers what is queued, seals the journal and gives it up. Later submissions get Stopped.
  void stop();

  // Whether a new message would be accepted now: ask at MAIL FROM, so that a client hears 452 before it sends 20 MB.
  [[nodiscard]] bool has_space() const;
  // Called on the flusher thread after each durable group: ring deliver's doorbell. Set before the first submit.
  void on_group(std::function<void()> callback);
  [[nodiscard]] IncomingStatistics statistics() const;
  [[nodiscard]] storage::JournalUsage usage() const;

 private:
  IncomingWriter(io::Disk& disk, IncomingOptions options, std::unique_ptr<storage::JournalWriter> journal,
                 std::shared_ptr<SpillFolder> spills);
  struct Prepared;
  void run_flusher();
  void run_tender();
  void append_all(std::vector<Submission> all);
  void append_group(std::vector<Submission> group);
  SpoolResult<> find_blobs();
  SpoolResult<> prepare(Submission& submission, Prepared& prepared) const;
  void tend();

  io::Disk& disk_;
  const IncomingOptions options_;
  const std::unique_ptr<storage::JournalWriter> journal_;
  const std::shared_ptr<SpillFolder> spills_;
  DigestKeeper digests_;
  std::function<void()> on_group_;
  std::atomic<std::uint64_t> sequence_{0};
  std::atomic<bool> has_space_{true};
  mutable std::mutex mutex_;
  std::condition_variable work_, tending_;
  std::vector<Submission> queue_;
  std::uint64_t queued_octets_ = 0;
  bool stopping_ = false;
  IncomingStatistics statistics_;
  std::mutex blobs_mutex_;
  std::unordered_multimap<std::uint64_t, std::string> blobs_of_segment_;
  std::thread flusher_, tender_;
};

}  // namespace hikyaku::spool
