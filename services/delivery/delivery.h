// Delivery: the service itself. It takes fresh messages from the spool, plans each recipient, runs local and remote
// deliveries in their lanes, writes down what became of them, and tries the deferred again when their time has come.
//
// What is tried when is decided by the Scheduler (schedule/scheduler.h); Delivery carries it out. One loop; everything that
// blocks is on workers. Messages in memory are bounded by `window_messages` for each lane; what is beyond a destination's
// share of it is parked and read back when its turn comes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>

#include "io/loop.h"
#include "io/workers.h"
#include "services/delivery/address_lookup.h"
#include "services/delivery/asking.h"
#include "services/delivery/attempt.h"
#include "services/delivery/conclusion.h"
#include "services/delivery/fallback_watch.h"
#include "services/delivery/fresh_deadlines.h"
#include "services/delivery/held_destinations.h"
#include "services/delivery/planned_holds.h"
#include "services/delivery/hold_proposals.h"
#include "services/delivery/in_hand.h"
#include "services/delivery/local_delivery.h"
#include "services/delivery/onward/onward.h"
#include "services/delivery/owner_watch.h"
#include "services/delivery/pause_ledger.h"
#include "services/delivery/queue.h"
#include "services/delivery/queue_actions.h"
#include "services/delivery/recipient_plan.h"
#include "services/delivery/remote_session.h"
#include "services/delivery/report/delay_notice.h"
#include "services/delivery/report/report_gathering.h"
#include "services/delivery/route_change.h"
#include "services/delivery/schedule/dns_health.h"
#include "services/delivery/schedule/mx_sites.h"
#include "services/delivery/schedule/period_end.h"
#include "services/delivery/schedule/scheduler.h"
#include "services/delivery/session_pool.h"
#include "services/delivery/settler.h"
#include "services/delivery/why/why_view.h"
#include "services/directory/login_secrets.h"
#include "services/signing/outgoing.h"

namespace hikyaku::delivery {

struct DeliverySettings {
  RetryTable retry;
  LaneLimits lanes;
  std::vector<LimitRow> limits;
  SourceLimits sources;
  SessionSettings session;
  LanguageRule report_language;
  Duration delay_notice{};  // zero: none
  Duration propose_hold_after{};  // zero: never
  bool automatic_hold = false;    // make it, and release it when the host answers
  RoutingSettings routing;
  WhenFull when_full = WhenFull::Defer;
  bool unsigned_while_away = false;  // mail that should be signed does not wait for signer
  std::size_t window_messages = 10'000;  // of each lane
};

enum class Subdomains : std::uint8_t { No, Yes };

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
    // Where what was learned of greylists is kept over restarts; null: it is not.
    io::Disk* disk = nullptr;
    std::string learned_path;
    const directory::LoginSecrets* logins = nullptr;  // for routes that log in; null: none can
    // Keeps the proposed holds on disk; on a worker, may block. Empty: nowhere.
    std::function<bool(const std::vector<HoldProposal>&)> keep_proposals = {};
    // For automatic holds; on a worker, may block. A sentence when it failed. Empty: none are made.
    std::function<std::string(const directory::Hold&)> add_hold = {};
    std::function<std::string(std::uint64_t)> release_hold = {};
    signing::OutgoingSigner* signer = nullptr;  // null: nothing is signed
    QuotaFigures* quotas = nullptr;  // null: nobody is told of full mailboxes
    // Told of each recipient of an account's mail whom another server, or DNS, refused for good. On the loop; empty: nobody is.
    std::function<void(const std::string& account)> refused_elsewhere = {};
  };
  // `settings` is asked often and must not wait; a change counts at once, for what is queued too.
  Delivery(Parts parts, std::function<DeliverySettings()> settings);

  // Spawns what runs until stop(). `heard` waits until fresh mail was announced, or until the deadline.
  using Bell = std::function<Task<io::Wake>(Deadline)>;
  void start(Bell heard);
  // Takes nothing new, lets what is under way end until `deadline`, then stops the loop.
  Task<void> stop(Deadline deadline);
  // When the loop has ended: until now this life lasted. Blocks, as PauseLedger::seen_alive().
  io::DiskResult<> ended();

  // What an operator changed, which the spool has already (operator_changes.cc). On the loop.
  void queue_changed(const std::vector<Touched>& touched);
  // For commands that change the queue.
  [[nodiscard]] InHand& in_hand() { return in_hand_; }
  // ETRN: what waits for the domain's next hop is tried now, oldest first; `subdomains` of ours too. DNS may be asked first;
  // of more than a hundred wishes at once the rest is lost. On the loop.
  void flush(const std::string& domain, Subdomains subdomains);
  // Whether the next hop has this user (recipient_asking.cc). Within some tens of seconds. At most 4 questions to a destination are under way; of those beyond
  // at most 200 wait, for some seconds. On the loop.
  Task<RecipientFinding> ask(RecipientQuestion question);
  // What only a running delivery knows of destinations.
  void add_states(QueueSummary& summary);
  // Where nothing answers, mail is tried with the destination's next probe, whatever its own time was.
  void add_states(QueueList& list);
  // Where the recipients are and what they wait for, and how their destinations stand; `domain`: whose destination too.
  void explain(WhyAnswer& answer, const std::string& domain);

  // What is known of the destinations, for the operator. On the loop.
  [[nodiscard]] const Scheduler& scheduler() const { return scheduler_; }
  // For holds: keys are those of the lanes. On the loop.
  [[nodiscard]] Scheduler& scheduler() { return scheduler_; }

 private:
  using Slot = Scheduler::Slot;
  // A job in a slot, by a number of its own: to find the slow ones, and for whoever asks where a message is.
  struct Run {
    TraceId id;
    std::string destination;
    CauseWatch* watch = nullptr;
    Lane lane = Lane::Fresh;
    Instant peer_since = Instant::max();  // when it turned to the next hop, for a session or a transaction; max: it did not
  };
  using Runs = std::map<std::uint64_t, Run>;
  class UnderWay {
   public:
    UnderWay(Runs& runs, std::uint64_t number, Run run) : runs_(runs), place_(runs.emplace(number, std::move(run)).first) {}
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;
    ~UnderWay() { runs_.erase(place_); }
    [[nodiscard]] Run& run() const { return place_->second; }

   private:
    Runs& runs_;
    Runs::iterator place_;
  };

  // delivery.cc: what comes in, and when
  Task<void> run();
  Task<void> listen(Bell heard);
  // Fresh mail was announced, or written by ourselves.
  void look_for_fresh();
  Task<void> tend();
  Task<void> tend_slowly();
  Task<void> keep_what_was_learned();
  // Slots held by next hops that are still not ready after half a minute, where they are more than half of a lane and others wait.
  void give_slots_back();
  void take_settings();
  [[nodiscard]] bool was_just_accepted(const Message& message) const;
  void tell_lost(const Message& message, std::uint32_t recipient, const std::string& why);
  void dispatch(const MessagePointer& message, std::span<const std::uint32_t> recipients, Lane lane);
  Task<void> dispatch_all(MessagePointer message, std::vector<std::uint32_t> recipients, Lane lane);
  Task<void> dispatch_later(MessagePointer message, std::vector<std::uint32_t> recipients, Lane lane);
  void enqueue(Lane lane, RemoteJob job);
  void admit(Lane lane, const std::string& destination, RemoteJob job);
  // sites.cc: which destination a job is for
  [[nodiscard]] std::optional<std::string> known_destination(const NextHop& hop) const;
  // The same, though DNS must be asked for it; empty: it does not say now.
  Task<std::string> destination_now_of(NextHop hop);
  void enqueue_when_known(Lane lane, RemoteJob job);
  Task<void> find_site(std::string domain);
  // So that read_back() can plan at once: the sites of these recipients' domains, or `otherwise` where DNS does not say.
  Task<void> find_sites(MessagePointer message, std::vector<std::uint32_t> recipients, std::string otherwise);
  Task<void> defer_untried(MessagePointer message, std::vector<std::uint32_t> recipients, std::string destination, std::string_view why);  // `why` is a literal
  [[nodiscard]] MessagePointer hold(Message message, Lane lane);
  [[nodiscard]] std::size_t room(Lane lane) const;
  [[nodiscard]] bool idle() const;

  // operator_changes.cc
  Task<void> flush_all(std::string domain, Subdomains subdomains);
  Task<void> flush_one(std::shared_ptr<const directory::Snapshot> directory, std::string domain);
  void leave_lanes(const std::vector<Touched>& touched);
  void shut_soon(const std::string& key, WallTime now);
  bool is_changed(const Message& message, std::uint32_t recipient);
  void leave_changed(RemoteJob& job);
  void sweep_lanes();
  Task<void> take_orphans();

  // held_work.cc: what waits for a hold to end
  using MailHold = directory::Hold;
  // The hold that keeps the recipient, or null. New mail whose hold sends it elsewhere has another plan instead.
  [[nodiscard]] const MailHold* hold_on(const directory::Snapshot& directory, const Message& message, std::uint32_t recipient, RecipientPlan& plan) const;
  // A job that waited in a lane while a hold began: what is held leaves it. True: nothing is left.
  bool leave_held(RemoteJob& job, const std::string& destination);
  struct KeptBack {
    std::uint64_t hold = 0;
    WallTime until{};
    std::string destination, words;
    std::vector<std::uint32_t> recipients;
    std::int8_t priority = 0;
  };
  using KeptBackParts = std::map<std::pair<std::uint64_t, std::string>, KeptBack>;
  static void add_kept(KeptBackParts& parts, const MailHold& hold, std::string destination, std::uint32_t recipient);
  void keep_back(const MessagePointer& message, KeptBackParts parts);
  Task<void> keep_fresh(MessagePointer message, KeptBack kept);
  void wait_under(const KeptBack& kept, const std::string& destination, DeferredEntry entry, WallTime give_up_at);
  // Takes up what has begun and ended; every second.
  Task<void> follow_holds();
  void tell_of_planned(const std::vector<MailHold>& holds, WallTime now);
  // Now. When that was is what the ledger is to be told: the next life looks from there on, and none is missed between the two.
  [[nodiscard]] WallTime look_at_planned();
  // Tells of next hops that have been silent for long; keeps the list for `hold list`.
  Task<void> propose();
  // automatic_holds.cc: made without anybody asking, released when the host is back
  Task<void> hold_proposed(std::vector<HoldProposal> proposals);
  void look_after_automatic_holds();
  Task<void> probe_held(std::vector<std::pair<std::uint64_t, NextHop>> probes);
  Task<void> release(std::map<std::string, std::vector<DeferredEntry>> held);
  // In many steps: one hold may select all destinations there are.
  Task<bool> hold_destinations(std::shared_ptr<const directory::Snapshot> directory, WallTime now);
  // How long delivery stood still since `from`: stopped, in our own trouble, or under holds that select this mail.
  [[nodiscard]] Duration stood_still(const Message& message, std::uint32_t recipient, const std::string& destination, WallTime from) const;
  [[nodiscard]] Duration stood_still(const std::string& destination, WallTime from, const spool::TimeSpans& held) const;

  // deferred_work.cc: what waits for its time
  Task<void> load_deferred();
  Task<void> watch_timers();
  void wake_timers();
  Task<void> give_up_expired(std::string destination, Attempt failed);
  // A message as the spool knows it, on a worker. Its trouble, when it could not be read and still waits.
  std::optional<spool::SpoolError> recall(Message& message) const;
  void leave_ended_hold(spool::Schedule& schedule, WallTime now) const;
  void look_again_later(const std::string& destination, DeferredEntry entry, const spool::SpoolError& trouble, WallTime give_up_at = WallTime::max());
  Task<void> queue_again_later(RemoteJob job, Slot slot, spool::SpoolError trouble);
  // A parked job's message is read back and planned again. False: nothing is left for this slot.
  Task<bool> read_back(RemoteJob& job, const Slot& slot, CauseWatch& watch);
  [[nodiscard]] WallTime end_by(const Attempt& failed, const Message& message, const std::string& destination, const spool::Schedule& schedule) const;
  // Of one of the message's recipients, should nothing change.
  [[nodiscard]] WallTime give_up_time(const Message& message, const std::string& destination, const spool::Schedule& schedule) const;
  // Of one whose message is not at hand. Where only a part of its mail was held it is before the truth: which the message tells, then.
  [[nodiscard]] WallTime give_up_time(const RuledBy& by, const spool::DeferredTimes& times) const;

  // deadlines.cc: not before when, and by when
  [[nodiscard]] bool waits_for_release(const Message& message, std::uint32_t recipient) const;
  Task<void> keep_until_release(MessagePointer message, std::vector<std::uint32_t> recipients);
  // One at a time runs, until nobody is left whose release has come.
  Task<void> let_go();
  Task<bool> let_some_go(std::map<TraceId, std::vector<std::uint32_t>> some);
  // Its text cannot be kept, so it cannot wait here: who sent it must know.
  void give_back_damaged(const MessagePointer& message, const std::vector<spool::Schedule>& schedules, const std::string& destination, const std::string& why);
  // Mail of ours with a damaged envelope: whose it was is not known, so it ends as a dead letter.
  void end_unreadable(spool::FreshMessage fresh);
  void tell_trouble_of_journals(const spool::SpoolError& error);
  void deferred_untried(const Message& message, const std::vector<spool::Schedule>& schedules, const std::string& destination);
  void watch_deadline(const TraceId& id, const Envelope& envelope);
  // The time is over in which the sender wanted it delivered, and wants it back otherwise. True: it goes back.
  bool give_back_late(const MessagePointer& message, const std::vector<std::uint32_t>& recipients, const std::string& destination, WallTime now);
  Task<void> watch_deadlines();
  bool still_under_way(const TraceId& id);
  Task<void> deadline_passed(TraceId id);
  void give_back_waiting(const MessagePointer& message, WallTime now);
  Task<void> tell_late(Message message, std::string header);

  // fresh_deadlines.cc: by when, of mail that was never deferred
  void watch_fresh(const Message& message);
  void forget_fresh(const Message& message);  // once nobody of it is fresh
  Task<bool> tell_late_fresh();
  Task<void> tell_late_one(spool::MessageRef ref);
  Task<void> tell_late_recipients(const Message& message, const std::vector<std::uint32_t>& waiting, const std::string& header);

  // remote_work.cc: what happens in a slot
  void pump();
  Task<void> work(Slot slot);
  void change_session(std::unique_ptr<RemoteSession>& session, std::string& hop, const std::string& wanted, const Slot& slot);
  using Opened = Result<std::unique_ptr<RemoteSession>, Attempt>;
  // Why there is none. Told: the job's recipients, and all that waits for the destination, have been told. PutBack: the job
  // waits again, and the slot is to be given up.
  enum class NoSession : std::uint8_t { Told, PutBack };
  Task<Result<std::unique_ptr<RemoteSession>, NoSession>> open_session(Slot slot, RemoteJob& job, CauseWatch& watch);
  // One more connection keeps to the destination's limit afterwards: those that nobody uses are closed first.
  Task<void> make_room(const std::string& destination, CauseWatch& watch);
  // Keeps the session for more mail, or says goodbye to what is above the limit.
  void put_away(const std::string& destination, const std::string& key, std::unique_ptr<RemoteSession> session);
  // The hop's own hosts, and the fallback of its row when those have failed often enough.
  Task<Opened> open_hop(const std::string& destination, NextHop hop, TlsWish wish, CauseWatch& watch);
  // `most`: of the waits for a connection and for each reply, where the settings have longer ones.
  Task<Opened> open_hosts(const std::string& destination, NextHop hop, TlsWish wish, CauseWatch& watch, Duration most = Duration::max());
  Task<RecipientFinding> ask_there(std::string destination, NextHop hop, RecipientQuestion question);
  Task<bool> carry_out(std::unique_ptr<RemoteSession>& session, RemoteJob job, Slot slot, Run& run);
  Scheduler::Setback destination_is_silent(const std::string& destination, const Attempt& failed);
  Task<void> defer_parked(RemoteJob job, std::string destination, Attempt failed);
  // DNS fails for everybody: our own trouble, nobody's attempt. True: the job is put back.
  bool blame_our_dns(const std::string& destination, const RemoteJob& job, Lane lane);
  void dns_answered();
  // signing.cc: the header fields that go above this copy. Nothing: it cannot be signed now; the job was taken and waits aside, while other mail for its
  // destination goes on.
  Task<std::optional<spool::SpoolError>> feed_text(const Message& mail, dkim::Message& message);  // its trouble, if any
  Task<std::optional<std::string>> signed_above(RemoteJob& job, Slot slot, CauseWatch& watch);
  void set_aside(RemoteJob job, const Slot& slot, const CauseWatch& watch, const std::string& domain);
  // In a slot of such a place: some of those who wait there go to their destinations again.
  Task<void> try_again_to_sign(Slot slot);
  void signer_came_back();
  // Where the recipient's job waits, of its destination's lanes and of those places.
  [[nodiscard]] std::optional<Scheduler::InLane> lane_of(const std::string& key, DeferredEntry entry) const;
  struct TextStream {
    std::unique_ptr<spool::TextReader> reader;
    std::string damage;  // why it can never be read
  };
  // The next piece; the last one only when the whole text is sound. Empty: it could not be read.
  Task<std::string> read_text(const Message& message, TextStream& text, std::uint64_t octets);
  // The first `octets` of a text that is sound; empty: it is damaged or gone, or cannot be read for several seconds. What became of
  // recipients does not wait longer for the text that a report would return.
  Task<std::string> read_beginning(const Message& message, std::uint64_t octets);

  // causes.cc: where the time went
  [[nodiscard]] static CauseClock waited_in_lane(const Slot& slot, const RemoteJob& job);
  // All of the recipient's time since its last recorded attempt, or since acceptance, until `end`.
  [[nodiscard]] CauseClock time_of(const Message& message, std::uint32_t recipient, const std::string& destination, const CauseClock& spent,
                                   WallTime end) const;
  [[nodiscard]] std::vector<CausedPause> pauses_of(const Message& message, std::uint32_t recipient, const std::string& destination,
                                                   WallTime from, WallTime until) const;

  // explain.cc
  void explain_recipient(RecipientNow& one, const std::string& key, WallTime now) const;
  [[nodiscard]] DestinationNow destination_now(const std::string& key, WallTime now) const;
  // The lane key of mail from `sender` to `recipient` now; empty: none, or DNS is being asked for it.
  [[nodiscard]] std::string other_route_of(const std::string& domain, WallTime now) const;
  [[nodiscard]] std::string key_for(std::string_view sender, std::string_view recipient) const;

  // owner_check.cc: invariant 5, by the lanes while they are short enough to walk over, and by the spool
  void check_owners();
  Task<void> check_spool_owners();

  // reporting.cc: the mail that causes
  [[nodiscard]] spool::GeneratedMail report_mail(const Message& message, std::vector<RecipientReport> reports,
                                                 std::string_view kind, std::string_view text) const;
  // As many as are needed, each of most_recipients_of_a_report at most.
  [[nodiscard]] std::vector<spool::GeneratedMail> report_mails(const Message& message, std::vector<RecipientReport> reports,
                                                               std::string_view kind, std::string_view text) const;
  Task<std::vector<spool::GeneratedMail>> write_reports(const Message& message, Conclusion& conclusion);
  Task<void> finish_gathered(MessagePointer message);
  // delay_notices.cc
  Task<void> tell_delays();
  Task<void> tell_delay(TraceId id);
  // Nothing: it is written. Else when to look at the message again: it has changed meanwhile, or there was trouble.
  Task<std::optional<std::chrono::seconds>> write_notice(const Message& message, std::vector<std::uint32_t> of, std::vector<RecipientReport> reports,
                                                         std::uint8_t bit, const std::string& header);
  [[nodiscard]] std::optional<Address> postmaster() const;

  // replan.cc: a changed route table, or room in a mailbox, moves what is queued
  struct Change {
    std::shared_ptr<const directory::Snapshot> before;
    std::set<AccountId> with_room;  // whose owners have made some
  };
  using ChangePointer = std::shared_ptr<const Change>;
  void follow_routes();
  [[nodiscard]] std::set<std::string> mailboxes_to_try(const Change& change, const directory::Snapshot& directory, bool all) const;
  Task<void> replan(ChangePointer change, std::set<std::string> only);
  Task<void> plan_again(RemoteJob job, Slot slot);
  // A parked job's message. False: nobody is left, or it is queued again later.
  Task<bool> read_again(RemoteJob& job, const Slot& slot);
  Task<void> replan_deferred(std::string destination, ChangePointer change);
  Task<void> move_changed(std::vector<DeferredIndex::Due> batch, ChangePointer change);

  // going_on.cc: an alias, a forward, a list
  Task<void> expand(MessagePointer message, std::uint32_t recipient, OnwardPlan plan);
  Task<void> write_onward(MessagePointer message, std::uint32_t recipient, OnwardPlan plan, std::shared_ptr<const directory::Snapshot> directory);
  // Parent and copies name each other.
  void log_expansion(const Message& message, std::uint32_t recipient, const std::vector<std::pair<TraceId, std::size_t>>& copies);
  // The rest of a truncated plan. False: it is dealt with otherwise.
  Task<bool> plan_all(MessagePointer message, std::uint32_t recipient, ToTargets& plan);

  // finish_again.cc: what others wrote meanwhile
  Task<std::optional<Message>> read_again(MessagePointer before);
  Task<void> finish_again(MessagePointer before, std::vector<Attempt> attempts, std::string destination);
  Task<void> dispatch_again(MessagePointer before, std::vector<std::uint32_t> recipients);

  // settlement.cc: what is written down
  Task<void> finish(MessagePointer message, std::vector<Attempt> attempts, std::string destination);
  Task<void> write_conclusion(ConcludedPart part);
  void take_deferral(const MessagePointer& message, const std::vector<spool::Schedule>& schedules, const std::string& destination, Settler::Ending ending);
  Task<void> finish_local(LocalJob job, Attempt attempt);
  Task<Settler::Ending> settle_with_mail(spool::Settlement settlement);
  // What is written ends the claims.
  void ended(const Message& message, const std::vector<spool::RecipientOutcome>& outcomes);
  void deferred(const Message& message, const std::vector<spool::Schedule>& schedules);
  void log_conclusion(const Message& message, const std::vector<Attempt>& attempts, const Conclusion& conclusion,
                      const std::string& destination, WallTime concluded_at);

  Parts parts_;
  std::function<DeliverySettings()> current_settings_;
  DeliverySettings settings_;
  Scheduler scheduler_;
  InHand in_hand_;
  std::size_t leaving_lanes_ = 0;  // who was taken, and may be in one still
  std::shared_ptr<OpenConnections> connections_ = std::make_shared<OpenConnections>();
  OwnerWatch owners_;
  SessionPool sessions_, asking_sessions_;
  std::map<std::string, std::size_t> askings_;  // under way, by destination
  std::size_t askings_waiting_ = 0;             // for one of the few places of their destination
  io::Event asking_done_;
  Settler settler_;
  ReportGathering gathering_;
  DelayQueue delays_, deadlines_;
  FreshDeadlines fresh_deadlines_;
  std::map<TraceId, std::vector<std::uint32_t>> late_under_way_;  // to be returned: who of them was in a lane or under an attempt
  bool delays_loaded_ = false, letting_go_ = false;
  LocalDelivery local_;
  Runs running_;
  std::uint64_t next_run_ = 0;
  DnsHealth dns_;
  MxSites sites_;
  // Of those who wait aside for a signature, by their place in the lanes: how many go at once, and how many of them still may. One at first, and twice as many
  // each time that none of them came back.
  struct Aside {
    std::size_t at_once = 1, left = 1;
  };
  std::map<std::string, Aside> asides_;
  std::string kept_;  // of greylists, as last written
  // Jobs whose domain's MX hosts are being asked for, by domain.
  struct SiteAsked {
    Lane lane;
    RemoteJob job;
    WallTime since;
  };
  std::map<std::string, std::vector<SiteAsked>> unknown_sites_;
  // The job that read_back() plans again, for the slot's destination.
  struct Wanted {
    RemoteJob* job = nullptr;
    const std::string* destination = nullptr;
  };
  Wanted wanted_;
  // Destinations that are held whole, and what waits under the other holds.
  HeldDestinations held_destinations_;
  PlannedHolds planned_holds_;
  std::map<std::uint64_t, std::map<std::string, std::vector<DeferredEntry>>> waiting_under_;
  FallbackWatch fallbacks_;
  std::shared_ptr<const directory::Snapshot> routed_by_;  // whose table the queue follows
  bool replanning_ = false;
  Instant room_walk_after_{};
  bool full_ones_known_ = false;  // whose mailboxes the mail found full that an earlier life deferred
  // By operators, of what was under an attempt or in a lane: its schedule now, nothing when it has its end. The spool has it
  // already; here it is for who would otherwise look there too late.
  std::map<DeferredEntry, std::optional<spool::Schedule>> changed_;
  std::vector<HoldProposal> proposed_;
  Instant probed_{};      // held hosts
  bool probing_ = false;
  // In memory, by lane.
  std::shared_ptr<std::size_t> messages_[2] = {std::make_shared<std::size_t>(0), std::make_shared<std::size_t>(0)};
  std::uint64_t expanding_octets_ = 0;
  std::size_t finishing_ = 0;
  std::size_t flushing_ = 0;  // wishes under way
  bool stopping_ = false;
  io::Wait* timer_ = nullptr;   // watch_timers() asleep
  io::Wait* intake_ = nullptr;  // run() asleep for want of fresh mail
  bool rung_ = false;           // since run() last looked
  std::map<std::string, WallTime> troubles_told_;  // of journals, by text
};

}  // namespace hikyaku::delivery
