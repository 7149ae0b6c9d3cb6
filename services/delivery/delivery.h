// Delivery: the service itself. It takes fresh messages from the spool, plans each recipient, runs local and remote
// deliveries in their lanes, writes down what became of them, and tries the deferred again when their time has come.
//
// One loop; everything that blocks is on workers. Messages in memory are bounded by `window_messages` for each lane, so that
// no number of retries keeps fresh mail out; deferred ones cost an index entry each and are read back when due.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>

#include "io/loop.h"
#include "io/workers.h"
#include "services/delivery/address_lookup.h"
#include "services/delivery/attempt.h"
#include "services/delivery/conclusion.h"
#include "services/delivery/deferred_index.h"
#include "services/delivery/lanes.h"
#include "services/delivery/local_delivery.h"
#include "services/delivery/pause_ledger.h"
#include "services/delivery/queue.h"
#include "services/delivery/recipient_plan.h"
#include "services/delivery/remote_session.h"
#include "services/delivery/report/report_gathering.h"
#include "services/delivery/session_pool.h"
#include "services/delivery/schedule/retry_table.h"
#include "services/delivery/settler.h"

namespace hikyaku::delivery {

struct DeliverySettings {
  RetryTable retry;
  LaneLimits lanes;
  SessionSettings session;
  LanguageRule report_language;
  Duration delay_notice{};  // zero: none
  RoutingSettings routing;
  std::size_t window_messages = 10'000;  // of each lane
};

class Delivery {
 public:
  struct Parts {
    io::Loop& loop;
    io::Workers& workers;
    spool::Spool& spool;
    spool::SpoolFlusher& flusher;
    mailboxes::Mailboxes& mailboxes;
    const directory::Reader& directory;
    AddressLookup& lookup;
    PauseLedger& ledger;
    telemetry::Log& log;
    const Clock& clock;
    std::string hostname;
    std::uint16_t generated_journal = 0;  // number of the journal our own mail is named in
    std::uint32_t local_accounts_at_once = 4;
  };
  // `settings` is asked often and must not wait; a change counts at once, for what is queued too.
  Delivery(Parts parts, std::function<DeliverySettings()> settings);

  // Spawns what runs until stop(). `heard` waits until fresh mail was announced, or until the deadline.
  using Bell = std::function<io::Task<io::Wake>(Deadline)>;
  void start(Bell heard);
  // Takes nothing new, lets what is under way end until `deadline`, then stops the loop.
  io::Task<void> stop(Deadline deadline);

  // These, whose schedules the spool has already, are due now. On the loop.
  void retry_now(const std::vector<Retried>& retried);

 private:
  struct RemoteJob {
    MessagePointer message;
    std::vector<std::uint32_t> recipients;
    NextHop hop;
  };
  using Slot = Lanes<RemoteJob>::Slot;

  // delivery.cc: what comes in, and when
  io::Task<void> run();
  io::Task<void> listen(Bell heard);
  // Fresh mail was announced, or written by ourselves.
  void look_for_fresh();
  io::Task<void> load_deferred();
  io::Task<void> watch_timers();
  io::Task<void> tend();
  io::Task<void> take_up(std::vector<DeferredIndex::Due> due);
  void dispatch(const MessagePointer& message, std::span<const std::uint32_t> recipients, Lane lane);
  io::Task<void> dispatch_all(MessagePointer message, std::vector<std::uint32_t> recipients, Lane lane);
  io::Task<void> dispatch_later(MessagePointer message, std::vector<std::uint32_t> recipients, Lane lane);
  void enqueue(Lane lane, RemoteJob job);
  [[nodiscard]] MessagePointer hold(Message message, Lane lane);
  [[nodiscard]] std::size_t room(Lane lane) const;
  [[nodiscard]] bool idle() const;

  // remote_work.cc: what happens in a slot
  void pump();
  io::Task<void> work(Slot slot);
  io::Task<std::unique_ptr<RemoteSession>> open_session(const std::string& destination, const RemoteJob& job);
  io::Task<bool> carry_out(std::unique_ptr<RemoteSession>& session, RemoteJob job, Slot slot);
  void destination_answers(const std::string& destination);
  void destination_is_down(const std::string& destination, const Attempt& failed);
  io::Task<void> give_up_expired(std::string destination, Attempt failed);
  // A deferred message as the spool knows it, on a worker. Its trouble, when it could not be read and still waits.
  std::optional<spool::SpoolError> recall(Message& message) const;
  void look_again_later(const std::string& destination, DeferredEntry entry, const spool::SpoolError& trouble);
  struct TextStream {
    std::unique_ptr<spool::TextReader> reader;
    std::string damage;  // why it can never be read
  };
  // The next piece; the last one only when the whole text is sound. Empty: it could not be read.
  io::Task<std::string> read_text(const Message& message, TextStream& text, std::uint64_t octets);
  // The first `octets` of a text that is sound.
  io::Task<std::string> read_beginning(const Message& message, std::uint64_t octets);

  // reporting.cc: the mail that causes
  [[nodiscard]] spool::GeneratedMail report_mail(const Message& message, std::vector<RecipientReport> reports,
                                                 std::string_view kind, std::string_view text) const;
  io::Task<std::vector<spool::GeneratedMail>> write_reports(const Message& message, Conclusion& conclusion);
  io::Task<void> finish_gathered(MessagePointer message);
  [[nodiscard]] std::optional<Address> postmaster() const;

  // settlement.cc: what is written down
  io::Task<void> finish(MessagePointer message, std::vector<Attempt> attempts, std::string destination);
  io::Task<void> expand(MessagePointer message, std::uint32_t recipient, ToTargets plan);
  // The rest of a truncated plan. False: it is dealt with otherwise.
  io::Task<bool> plan_all(MessagePointer message, std::uint32_t recipient, ToTargets& plan);
  [[nodiscard]] WallTime give_up_time(const spool::Schedule& schedule) const;
  void log_conclusion(const Message& message, const std::vector<Attempt>& attempts, const Conclusion& conclusion,
                      const std::string& destination);

  Parts parts_;
  std::function<DeliverySettings()> current_settings_;
  DeliverySettings settings_;
  Lanes<RemoteJob> lanes_;
  DeferredIndex deferred_;
  SessionPool sessions_;
  Settler settler_;
  ReportGathering gathering_;
  LocalDelivery local_;
  struct DownState {
    std::uint32_t failures = 0;
    Attempt last;
  };
  std::unordered_map<std::string, DownState> down_;
  // In memory, by lane.
  std::shared_ptr<std::size_t> messages_[2] = {std::make_shared<std::size_t>(0), std::make_shared<std::size_t>(0)};
  std::uint64_t expanding_octets_ = 0;
  std::size_t finishing_ = 0;
  bool stopping_ = false;
  io::Wait* timer_ = nullptr;   // watch_timers() asleep
  io::Wait* intake_ = nullptr;  // run() asleep for want of fresh mail
  bool rung_ = false;           // since run() last looked
};

}  // namespace hikyaku::delivery
