#include "services/spool/spool_on_disk.h"

#include <algorithm>

#include "base/cursor.h"
#include "services/spool/spill_folder.h"

namespace hikyaku::spool {
namespace {
constexpr std::string_view incoming_prefix = "incoming-";
constexpr int moves_followed = 5;  // a text may move by compaction while it is read

std::optional<std::uint16_t> journal_number(std::string_view name) {
  if (!name.starts_with(incoming_prefix)) return std::nullopt;
  Cursor in(name.substr(incoming_prefix.size()));
  const auto number = parse_number(in, UINT16_MAX);
  if (!number || !in.at_end() || *number == 0) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}
}  // namespace

SpoolResult<std::unique_ptr<Spool>> Spool::open(io::Disk& disk, SpoolOptions options) {
  auto spool = std::make_unique<SpoolOnDisk>(disk, std::move(options));
  TRY_VOID(spool->load());
  return spool;
}

SpoolResult<> SpoolOnDisk::load() {
  storage::FileJournalOptions options;
  options.reserve_octets = options_.reserve_octets;
  options.most_open_segments = options_.most_open_segments;
  options.spare_segments = 1;
  options.nonce_seed = options_.nonce_seed;
  auto domains = options;
  domains.segment_octets = options_.domains_segment_octets;
  domains.index = storage::HeadIndex::None;
  domains.reserve_octets = 0;  // rule 5: outcomes are written as long as there is anything to write on
  TRY(log, DeliveryLog::open(disk_, options_.folder + "/domains", domains));
  log_ = std::move(log);
  options.segment_octets = options_.holding_segment_octets;
  TRY(holding, Holding::open(disk_, options_.folder + "/holding", options, options_.blob_octets));
  holding_ = std::move(holding);
  TRY_VOID(holding_->remove_unknown_blobs([&](const TraceId& id) { return held(id).has_value(); }));
  log_->with_state([&](const DeliveryState& state) {
    for (const auto& [id, one] : state.all_held())
      if (std::ranges::any_of(one.open, &HeldRecipient::fresh)) generated_.push_back(id);
    return 0;
  });
  std::ranges::sort(generated_);
  return find_journals();
}

SpoolResult<> SpoolOnDisk::find_journals() {
  HIKYAKU_SPOOL_DISK(names, disk_.list(options_.folder));
  storage::FileJournalOptions options;
  options.most_open_segments = options_.most_open_segments;
  for (const auto& name : names) {
    const auto number = journal_number(name);
    if (!number || reader(*number)) continue;
    TRY(opened, IncomingReader::open(disk_, options_.folder + "/" + name, *number, options));
    const std::lock_guard lock(readers_mutex_);
    readers_.emplace(*number, std::move(opened));
  }
  return {};
}

std::shared_ptr<IncomingReader> SpoolOnDisk::reader(std::uint16_t journal) const {
  const std::lock_guard lock(readers_mutex_);
  const auto at = readers_.find(journal);
  return at == readers_.end() ? nullptr : at->second;
}

std::optional<Held> SpoolOnDisk::held(const TraceId& id) const {
  return log_->with_state([&](const DeliveryState& state) {
    const auto* one = state.held(id);
    return one == nullptr ? std::nullopt : std::optional(*one);
  });
}

// ---- reading ------------------------------------------------------------------------------------------------------

void SpoolOnDisk::fresh_generated(std::size_t limit, std::vector<FreshMessage>& out) {
  const std::lock_guard lock(fresh_mutex_);
  while (!generated_.empty() && out.size() < limit) {
    const auto id = generated_.front();
    const auto one = held(id);
    FreshMessage message{{id, 0, {}}, {}, {}};
    if (one)
      for (const auto& recipient : one->open)
        if (recipient.fresh) message.open.push_back({recipient.schedule.recipient, Delivery::First});
    if (!message.open.empty()) {
      auto found = envelope(message.ref);
      if (!found && found.error().kind != SpoolFailure::Damaged) {  // a later call tries again; others do not wait for it
        std::ranges::rotate(generated_, generated_.begin() + 1);
        return;
      }
      if (found) {
        message.envelope = *std::move(found);
        out.push_back(std::move(message));
      }
    }
    generated_.pop_front();
  }
}

SpoolResult<std::vector<FreshMessage>> SpoolOnDisk::fresh(std::size_t limit) {
  std::vector<FreshMessage> out;
  fresh_generated(limit, out);
  Readers readers;
  {
    const std::lock_guard lock(readers_mutex_);
    readers = readers_;
  }
  // Each journal gets its share, so that none waits behind the backlog of another.
  std::size_t left = readers.size();
  for (const auto& [number, one] : readers) {
    const auto share = (limit - std::min(limit, out.size()) + left - 1) / left;
    --left;
    if (share == 0) continue;
    auto more = one->next(share, [&, journal = number](storage::Position at, std::uint32_t recipient) {
      return log_->with_state([&](const DeliveryState& state) -> std::optional<Settled> {
        if (state.released(journal, at.segment)) return Settled::Final;  // the release file was lost
        return state.settled(journal, at, recipient);
      });
    });
    // What was taken is handed out once only: it must not be lost with another journal's trouble, which the next call tells.
    if (!more && out.empty() && left == 0) return failure(std::move(more).error());
    if (more) std::ranges::move(*more, std::back_inserter(out));
  }
  return out;
}

void SpoolOnDisk::for_each_deferred(const std::function<void(const DeferredRecipient&)>& visit) const {
  log_->with_state([&](const DeliveryState& state) {
    for (const auto& [id, one] : state.all_held())
      for (const auto& recipient : one.open)
        if (!recipient.fresh) visit({id, recipient.schedule});
    return 0;
  });
}

std::vector<DeferredRecipient> SpoolOnDisk::deferred(const TraceId& id) const {
  std::vector<DeferredRecipient> all;
  if (const auto one = held(id))
    for (const auto& recipient : one->open)
      if (!recipient.fresh) all.push_back({id, recipient.schedule});
  return all;
}

SpoolResult<Envelope> SpoolOnDisk::envelope(const MessageRef& message) {
  if (message.journal != 0) {
    const auto from = reader(message.journal);
    if (!from) return failure(SpoolError{SpoolFailure::NotFound, "no such incoming journal"});
    return from->envelope(message.at);
  }
  for (int i = 0; i < moves_followed; ++i) {
    const auto one = held(message.id);
    if (!one) break;
    auto envelope = holding_->envelope(*one);
    if (envelope || envelope.error().kind != SpoolFailure::Gone) return envelope;
  }
  return failure(SpoolError{SpoolFailure::NotFound, message.id.text() + " is not in holding"});
}

SpoolResult<std::string> SpoolOnDisk::body(const MessageRef& message, std::uint64_t offset, std::uint64_t octets) {
  if (message.journal != 0) {
    const auto from = reader(message.journal);
    if (!from) return failure(SpoolError{SpoolFailure::NotFound, "no such incoming journal"});
    return from->body(message, offset, octets);
  }
  for (int i = 0; i < moves_followed; ++i) {
    const auto one = held(message.id);
    if (!one) break;
    auto text = holding_->body(message.id, *one, offset, octets);
    if (text || text.error().kind != SpoolFailure::Gone) return text;
  }
  return failure(SpoolError{SpoolFailure::NotFound, message.id.text() + " is not in holding"});
}

SpoolResult<TextSum> SpoolOnDisk::text_sum(const MessageRef& message) {
  if (message.journal != 0) {
    const auto from = reader(message.journal);
    if (!from) return failure(SpoolError{SpoolFailure::NotFound, "no such incoming journal"});
    return from->text_sum(message);
  }
  for (int i = 0; i < moves_followed; ++i) {
    const auto one = held(message.id);
    if (!one) break;
    auto sum = holding_->text_sum(*one);
    if (sum || sum.error().kind != SpoolFailure::Gone) return sum;
  }
  return failure(SpoolError{SpoolFailure::NotFound, message.id.text() + " is not in holding"});
}

std::unique_ptr<TextReader> Spool::text(const MessageRef& message, std::uint64_t octets) {
  TextReader::Source source{[this, message] { return text_sum(message); },
                            [this, message](std::uint64_t offset, std::uint64_t wanted) { return body(message, offset, wanted); }};
  return std::make_unique<TextReader>(std::move(source), octets);
}

// ---- outcomes -----------------------------------------------------------------------------------------------------

SpoolResult<> SpoolOnDisk::write(const std::vector<LogRecord>& group) {
  TRY_VOID(log_->write(group, dead_));
  for (const auto& record : group)
    if (const auto* generated = std::get_if<GeneratedRecord>(&record)) unannounced_.push_back(generated->text.id);
  return {};
}

void SpoolOnDisk::note_settled(const MessageRef& message, std::uint32_t recipient) {
  if (message.journal == 0) return;
  if (const auto from = reader(message.journal)) from->settled(message, recipient);
}

// Rule 4: mail of ours is handed out only when the group that made it is on disk. Delivered before, it would be made once
// more after a power cut that undid its cause.
SpoolResult<> SpoolOnDisk::flush_log() {
  TRY_VOID(log_->flush());
  const std::lock_guard lock(fresh_mutex_);
  generated_.insert(generated_.end(), unannounced_.begin(), unannounced_.end());
  unannounced_.clear();
  return {};
}

SpoolResult<std::map<TraceId, HoldingRecord>> SpoolOnDisk::hold_generated(std::span<const GeneratedMail* const> mails) {
  std::map<TraceId, HoldingRecord> placed;
  std::vector<TextToHold> texts;
  for (const auto* mail : mails) {
    if (held(mail->envelope.id) || placed.contains(mail->envelope.id)) continue;  // repeated
    placed[mail->envelope.id];
    TextToHold text{mail->envelope, [mail, at = std::size_t{0}](std::uint64_t octets) mutable -> SpoolResult<std::string> {
                      auto part = mail->text.substr(at, octets);
                      at += part.size();
                      return part;
                    }};
    text.envelope.body_octets = mail->text.size();
    texts.push_back(std::move(text));
  }
  placed.clear();
  if (texts.empty()) return placed;
  TRY(records, holding_->put(texts));
  for (const auto& one : records) placed[one.id] = one;
  return placed;
}

// Written before, and only the flush was not certain: the mail it caused may have left meanwhile, and must not be made again.
bool SpoolOnDisk::is_repeated(const Settlement& settlement) const {
  const auto& message = settlement.message;
  return !settlement.generated.empty() && log_->with_state([&](const DeliveryState& state) {
    if (message.journal != 0 && state.released(message.journal, message.at.segment)) return true;
    const auto* held = message.journal == 0 ? state.held(message.id) : nullptr;
    return std::ranges::all_of(settlement.outcomes, [&](const RecipientOutcome& one) {
      if (message.journal != 0) return state.settled(message.journal, message.at, one.recipient) == Settled::Final;
      return held == nullptr || std::ranges::none_of(held->open, [&](const auto& open) { return open.schedule.recipient == one.recipient; });
    });
  });
}

bool SpoolOnDisk::is_repeated(const Deferral& deferral) const {
  return !deferral.generated.empty() && log_->with_state([&](const DeliveryState& state) {
    const auto* held = state.held(deferral.message.id);
    return held != nullptr && std::ranges::all_of(deferral.recipients, [&](const Schedule& one) {
      return std::ranges::any_of(held->open, [&](const auto& open) { return !open.fresh && open.schedule == one; });
    });
  });
}

// A notice of delay for recipients of whom one has had its end meanwhile (the operator's): nobody comes back by it.
bool SpoolOnDisk::is_overtaken(const Deferral& deferral) const {
  return !deferral.generated.empty() && deferral.message.journal == 0 && log_->with_state([&](const DeliveryState& state) {
    const auto* held = state.held(deferral.message.id);
    return held == nullptr || !std::ranges::all_of(deferral.recipients, [&](const Schedule& one) {
      return std::ranges::any_of(held->open, [&](const auto& open) { return open.schedule.recipient == one.recipient; });
    });
  });
}

// What the log says of the mails that are new. A repeated one has its record, and is announced with the flush of that.
void SpoolOnDisk::add_generated(const std::vector<GeneratedMail>& mails, std::map<TraceId, HoldingRecord>& texts,
                                std::vector<LogRecord>& group) {
  for (const auto& mail : mails) {
    const auto at = texts.find(mail.envelope.id);
    if (at == texts.end()) continue;
    group.emplace_back(GeneratedRecord{at->second, static_cast<std::uint32_t>(mail.envelope.recipients.size())});
    texts.erase(at);
  }
}

SpoolResult<> SpoolOnDisk::settle(std::span<const Settlement> settlements) {
  const std::lock_guard lock(write_mutex_);
  std::vector<const GeneratedMail*> mails;
  bool caused_mail = false;
  for (const auto& one : settlements) {
    caused_mail |= !one.generated.empty();
    if (is_repeated(one)) continue;
    for (const auto& mail : one.generated) mails.push_back(&mail);
  }
  TRY(texts, hold_generated(mails));
  for (const auto& one : settlements) {
    std::vector<LogRecord> group;
    if (is_repeated(one)) continue;
    add_generated(one.generated, texts, group);
    group.emplace_back(OutcomeRecord{one.message, one.outcomes});
    TRY_VOID(write(group));
    for (const auto& outcome : one.outcomes) note_settled(one.message, outcome.recipient);
  }
  return caused_mail ? flush_log() : SpoolResult<>{};
}

SpoolResult<std::map<TraceId, HoldingRecord>> SpoolOnDisk::hold_deferred(std::span<const Deferral> deferrals) {
  std::map<TraceId, HoldingRecord> placed;
  std::vector<TextToHold> texts;
  for (const auto& one : deferrals) {
    if (held(one.message.id)) continue;
    if (one.message.journal == 0) return failure(SpoolError{SpoolFailure::NotFound, one.message.id.text() + " is not in holding"});
    if (!placed.try_emplace(one.message.id).second) continue;
    TRY(found, envelope(one.message));
    const std::shared_ptr<TextReader> from = text(one.message, found.body_octets);
    texts.push_back({std::move(found), [from](std::uint64_t octets) { return from->next(octets); }});
  }
  placed.clear();
  if (texts.empty()) return placed;
  TRY(records, holding_->put(texts));
  for (const auto& record : records) placed[record.id] = record;
  return placed;
}

// Rule 3, in this one place: texts flushed in holding, then the schedule records flushed, and only with those is the
// recipient settled in incoming.
SpoolResult<> SpoolOnDisk::defer(std::span<const Deferral> deferrals) {
  const std::lock_guard lock(write_mutex_);
  std::vector<const GeneratedMail*> mails;
  for (const auto& one : deferrals) {
    if (is_repeated(one) || is_overtaken(one)) continue;
    for (const auto& mail : one.generated) mails.push_back(&mail);
  }
  TRY(texts, hold_deferred(deferrals));
  TRY(generated, hold_generated(mails));
  for (const auto& one : deferrals) {
    if (is_overtaken(one)) continue;
    std::vector<LogRecord> group;
    if (const auto at = texts.find(one.message.id); at != texts.end()) {
      group.emplace_back(at->second);
      texts.erase(at);
    }
    add_generated(one.generated, generated, group);
    group.emplace_back(DeferredRecord{one.message, one.recipients});
    TRY_VOID(write(group));
  }
  TRY_VOID(flush_log());
  for (const auto& one : deferrals)
    for (const auto& schedule : one.recipients) note_settled(one.message, schedule.recipient);
  return {};
}

SpoolResult<> SpoolOnDisk::flush() {
  const std::lock_guard lock(write_mutex_);
  TRY_VOID(flush_log());
  for (const auto& [id, one] : dead_) holding_->remove_text(id, one);
  dead_.clear();
  return {};
}

void SpoolOnDisk::set_flush_accounts(FlushAccounts flush) {
  const std::lock_guard lock(write_mutex_);
  flush_accounts_ = std::move(flush);
}

// ---- housekeeping -------------------------------------------------------------------------------------------------

SpoolResult<> SpoolOnDisk::tend() {
  TRY_VOID(flush());
  const auto found = find_journals();
  const auto done = done_and_flushed();
  const std::lock_guard lock(write_mutex_);
  TRY_VOID(release(done));
  const auto compacted = compact_one();
  TRY_VOID(log_->snapshot_if_due(options_.snapshot_every_octets));
  TRY_VOID(holding_->tend());
  TRY_VOID(log_->tend());
  // Told, but what cannot be read must not keep logs from being shortened.
  return !found ? found : compacted;
}

// Without write_mutex_: an account may take long, and nobody's outcome waits for it. A done segment stays done.
SpoolOnDisk::DoneSegments SpoolOnDisk::done_and_flushed() {
  Readers readers;
  FlushAccounts flush_accounts;
  {
    const std::scoped_lock lock(readers_mutex_, write_mutex_);
    readers = readers_;
    flush_accounts = flush_accounts_;
  }
  DoneSegments done;
  for (const auto& [number, one] : readers) {
    for (const auto segment : one->done_segments()) {
      const auto accounts = log_->with_state([&, journal = number](const DeliveryState& state) { return state.fed_accounts(journal, segment); });
      if (accounts.empty() || (flush_accounts && flush_accounts(accounts))) done.emplace_back(one, segment);
    }
  }
  return done;
}

// Lazy copies are on disk already; outcomes are before anything goes.
SpoolResult<> SpoolOnDisk::release(const DoneSegments& done) {
  if (done.empty()) return {};
  TRY_VOID(flush_log());
  for (const auto& [from, segment] : done) {
    TRY_VOID(from->release(segment));
    TRY_VOID(write({ReleasedRecord{from->number(), segment}}));
  }
  return {};
}

// The emptiest segment below the mark: its living texts move to the open one, the log learns their new places, and only
// then does it go.
SpoolResult<> SpoolOnDisk::compact_one() {
  TRY(finished, holding_->finished_segments());
  std::optional<storage::SegmentNumber> emptiest;
  std::uint64_t least = options_.holding_segment_octets / 100 * options_.compact_below_percent;
  for (const auto segment : finished) {
    const auto live = log_->with_state([&](const DeliveryState& state) { return state.live_octets(segment); });
    if (live == 0) {
      TRY_VOID(flush_log());  // what made it empty
      TRY_VOID(holding_->release(segment));
    } else if (live < least && !uncompactable_.contains(segment)) {
      least = live;
      emptiest = segment;
    }
  }
  if (!emptiest) return {};
  TRY(records, holding_->records_of(*emptiest));
  std::vector<std::pair<TraceId, Held>> survivors;
  for (const auto& [id, at] : records)
    if (auto one = held(id); one && one->at == at) survivors.emplace_back(id, *std::move(one));
  TRY(moved, holding_->copy(survivors));
  for (const auto& one : moved) TRY_VOID(write({one}));
  TRY_VOID(flush_log());
  // A text that could not be copied keeps its place: the segment stays until its mail is given up, and is not tried again.
  if (moved.size() < survivors.size()) {
    uncompactable_.insert(*emptiest);
    return {};
  }
  return holding_->release(*emptiest);
}

std::vector<TraceId> SpoolOnDisk::lowest_unreleased() const {
  Readers readers;
  {
    const std::lock_guard lock(readers_mutex_);
    readers = readers_;
  }
  std::vector<TraceId> all;
  for (const auto& [number, one] : readers)
    if (const auto lowest = one->lowest_unreleased()) all.push_back(*lowest);
  // What was deferred keeps its id.
  log_->with_state([&](const DeliveryState& state) {
    for (const auto& [id, held] : state.all_held())
      for (auto& lowest : all)
        if (id.node == lowest.node && id.journal == lowest.journal) lowest = std::min(lowest, id);
    return 0;
  });
  return all;
}

void SpoolOnDisk::for_each_fresh(const std::function<void(const MessageRef&)>& visit) const {
  Readers readers;
  {
    const std::lock_guard lock(readers_mutex_);
    readers = readers_;
  }
  for (const auto& [number, one] : readers) one->for_each_open(visit);
  log_->with_state([&](const DeliveryState& state) {
    for (const auto& [id, one] : state.all_held())
      if (std::ranges::any_of(one.open, &HeldRecipient::fresh)) visit({id, 0, {}});
    return 0;
  });
}

SpoolCounts SpoolOnDisk::counts() const {
  SpoolCounts counts;
  Readers readers;
  {
    const std::lock_guard lock(readers_mutex_);
    readers = readers_;
  }
  for (const auto& [number, one] : readers) one->add_to(counts);
  log_->with_state([&](const DeliveryState& state) {
    counts.holding_octets = state.held_octets();
    counts.domains_recipients = state.deferred_recipients();
    for (const auto& [id, one] : state.all_held()) {
      const bool fresh = std::ranges::any_of(one.open, &HeldRecipient::fresh);
      fresh ? ++counts.incoming_messages : ++counts.holding_messages;
      for (const auto& recipient : one.open)
        if (!recipient.fresh && (!counts.domains_oldest || recipient.schedule.first_failed < *counts.domains_oldest))
          counts.domains_oldest = recipient.schedule.first_failed;
    }
    return 0;
  });
  counts.damaged_records += log_->damaged_records() + holding_->damaged();
  return counts;
}

}  // namespace hikyaku::spool
