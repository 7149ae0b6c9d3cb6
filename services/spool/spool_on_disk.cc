#include "services/spool/spool_on_disk.h"

#include <algorithm>

#include "base/cursor.h"
#include "services/spool/spill_folder.h"

namespace hikyaku::spool {
namespace {
constexpr std::string_view incoming_prefix = "incoming-";
constexpr int moves_followed = 5;  // a text may move by compaction while it is read
constexpr std::size_t outcomes_at_once = 512;  // some 30 KB

std::optional<std::uint16_t> journal_number(std::string_view name) {
  if (!name.starts_with(incoming_prefix)) return std::nullopt;
  Cursor in(name.substr(incoming_prefix.size()));
  const auto number = parse_number(in, UINT16_MAX);
  if (!number || !in.at_end() || *number == 0) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

// For an envelope that is damaged.
void stand_in(FreshMessage& message, SpoolError damaged) {
  message.damage = std::move(damaged.what);
  message.envelope.id = message.ref.id;
  for (const auto& open : message.open)
    if (open.index >= message.envelope.recipients.size()) message.envelope.recipients.resize(open.index + std::size_t{1});
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
  options.spare_segments = 0;  // under load the pool makes some ahead; a quiet queue need not pay for them
  options.nonce_seed = options_.nonce_seed;
  auto domains = options;
  domains.segment_octets = options_.domains_segment_octets;
  domains.index = storage::HeadIndex::None;
  domains.reserve_octets = 0;  // rule 5: outcomes are written as long as there is anything to write on
  TRY(log, DeliveryLog::open(disk_, options_.folder + "/domains", domains));
  log_ = std::move(log);
  options.segment_octets = options_.holding_segment_octets;
  options.index = storage::HeadIndex::None;  // the table knows what is where
  TRY(holding, Holding::open(disk_, options_.folder + "/holding", options, options_.blob_octets));
  holding_ = std::move(holding);
  if (options_.loading == SpoolOptions::Loading::AtOnce) TRY_VOID(load_deferred());
  return find_journals();
}

SpoolResult<> SpoolOnDisk::load_deferred() {
  if (log_->holding_is_loaded()) return {};
  const std::lock_guard lock(load_mutex_);
  if (loaded_) return {};
  TRY_VOID(log_->load_holding([this](const HeldTable& table) -> SpoolResult<> {
    TRY_VOID(holding_->remove_unknown_blobs([&](const TraceId& id) { return table.contains(id); }));
    const std::lock_guard fresh_lock(fresh_mutex_);
    table.visit_ids(0, table.slots(), [this](const TraceId& id, bool fresh) {
      if (fresh) generated_.push_back(id);
    });
    std::ranges::sort(generated_);
    return {};
  }));
  loaded_ = true;
  return {};
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
  return log_->with_state([&](const DeliveryState& state) { return state.holding.text(id); });
}

// ---- reading ------------------------------------------------------------------------------------------------------

SpoolResult<> SpoolOnDisk::fresh_generated(std::size_t limit, std::vector<FreshMessage>& out) {
  const std::lock_guard lock(fresh_mutex_);
  while (!generated_.empty() && out.size() < limit) {
    const auto id = generated_.front();
    FreshMessage message{{id, 0, {}}, {}, {}};
    for (const auto recipient : log_->with_state([&](const DeliveryState& state) { return state.holding.fresh(id); }))
      message.open.push_back({recipient, Delivery::First, told_fresh(message.ref, recipient)});
    if (!message.open.empty()) {
      auto found = envelope(message.ref);
      if (!found && found.error().kind != SpoolFailure::Damaged) {  // a later call tries again; others do not wait for it
        std::ranges::rotate(generated_, generated_.begin() + 1);
        if (found.error().kind == SpoolFailure::NotFound) return {};  // it had its end meanwhile
        return failure(std::move(found).error());
      }
      if (found) message.envelope = *std::move(found);
      else stand_in(message, std::move(found).error());  // who takes it gives it its end
      out.push_back(std::move(message));
    }
    generated_.pop_front();
  }
  return {};
}

SpoolResult<std::vector<FreshMessage>> SpoolOnDisk::fresh(std::size_t limit) {
  std::vector<FreshMessage> out;
  std::vector<SpoolError> troubles;
  if (auto ours = fresh_generated(limit, out); !ours) troubles.push_back(std::move(ours).error());
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
        if (state.incoming.released(journal, at.segment)) return Settled::Final;  // the release file was lost
        return state.incoming.settled(journal, at, recipient);
      });
    });
    if (!more) troubles.push_back(std::move(more).error());
    if (trouble_watch_)
      for (const auto& loss : one->take_losses()) trouble_watch_(loss);
    if (more)
      for (auto& message : *more) {
        if (arrival_watch_) arrival_watch_(message.envelope);
        for (auto& open : message.open) open.told = told_fresh(message.ref, open.index);
      }
    if (more) std::ranges::move(*more, std::back_inserter(out));
  }
  // What was taken is handed out once only: it must not be lost with another journal's trouble.
  const std::size_t returned = out.empty() && !troubles.empty() ? 1 : 0;
  if (trouble_watch_)
    for (const auto& trouble : std::span(troubles).subspan(returned)) trouble_watch_(trouble);
  if (returned > 0) return failure(std::move(troubles.front()));
  return out;
}

// Where it is in holding, and where it goes while it is read.
template <class Read>
auto SpoolOnDisk::read_held(const TraceId& id, Read read) -> decltype(read(std::declval<const Held&>())) {
  TRY_VOID(load_deferred());
  std::optional<Held> gone;
  std::string why;
  for (int i = 0; i < moves_followed; ++i) {
    const auto one = held(id);
    if (!one) break;
    if (gone && gone->at == one->at)  // not moved: a segment's beginning is damaged, or a file is missing
      return failure(SpoolError{SpoolFailure::Damaged, id.text() + ": it is not where holding has it: " + why});
    auto found = read(*one);
    if (found || found.error().kind != SpoolFailure::Gone) return found;
    gone = one, why = found.error().what;
  }
  return failure(SpoolError{SpoolFailure::NotFound, id.text() + " is not in holding"});
}

SpoolResult<Envelope> SpoolOnDisk::envelope(const MessageRef& message) {
  if (message.journal != 0) {
    const auto from = reader(message.journal);
    if (!from) return failure(SpoolError{SpoolFailure::NotFound, "no such incoming journal"});
    return from->envelope(message.at);
  }
  return read_held(message.id, [this](const Held& one) { return holding_->envelope(one); });
}

SpoolResult<std::string> SpoolOnDisk::body(const MessageRef& message, std::uint64_t offset, std::uint64_t octets) {
  if (message.journal != 0) {
    const auto from = reader(message.journal);
    if (!from) return failure(SpoolError{SpoolFailure::NotFound, "no such incoming journal"});
    return from->body(message, offset, octets);
  }
  return read_held(message.id, [&](const Held& one) { return holding_->body(message.id, one, offset, octets); });
}

std::optional<std::string> SpoolOnDisk::text_at_hand(const MessageRef& message, std::uint64_t octets) {
  std::unique_lock lock(readers_mutex_, std::try_to_lock);
  const auto found = lock ? readers_.find(message.journal) : readers_.end();
  if (found == readers_.end()) return std::nullopt;
  const auto from = found->second;
  lock.unlock();
  return from->text_at_hand(message, octets);
}

SpoolResult<TextSum> SpoolOnDisk::text_sum(const MessageRef& message) {
  if (message.journal != 0) {
    const auto from = reader(message.journal);
    if (!from) return failure(SpoolError{SpoolFailure::NotFound, "no such incoming journal"});
    return from->text_sum(message);
  }
  return read_held(message.id, [this](const Held& one) { return holding_->text_sum(one); });
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
  TRY_VOID(bury_before(texts));
  TRY(records, holding_->put(texts));
  for (const auto& one : records) placed[one.id] = one;
  return placed;
}

// What the log says of the mails that are new. A repeated one has its record, and is announced with the flush of that.
void SpoolOnDisk::add_generated(const std::vector<GeneratedMail>& mails, std::map<TraceId, HoldingRecord>& texts,
                                std::vector<LogRecord>& group) {
  for (const auto& mail : mails) {
    const auto at = texts.find(mail.envelope.id);
    if (at == texts.end()) continue;
    GeneratedRecord record{at->second, static_cast<std::uint32_t>(mail.envelope.recipients.size()), {}};
    record.text.facts = facts_of(mail.envelope);
    record.text.facts->body_octets = mail.text.size();
    for (const auto& recipient : mail.envelope.recipients) record.keys.push_back(keys_of(recipient));
    group.emplace_back(std::move(record));
    texts.erase(at);
  }
}

SpoolResult<> SpoolOnDisk::settle(std::span<const Settlement> settlements) {
  if (std::ranges::any_of(settlements, [](const auto& one) { return one.message.journal == 0 || !one.generated.empty(); }))
    TRY_VOID(load_deferred());
  const std::lock_guard lock(write_mutex_);
  TRY_VOID(refuse_overtaken(settlements));
  std::vector<const GeneratedMail*> mails;
  bool caused_mail = false;
  for (const auto& one : settlements) {
    caused_mail |= !one.generated.empty();
    if (is_repeated(one)) continue;
    for (const auto& mail : one.generated) mails.push_back(&mail);
  }
  TRY(texts, hold_generated(mails));
  // Outcomes that cause no mail share a write; mail and its cause are a group of their own.
  std::vector<LogRecord> group;
  std::vector<const Settlement*> grouped;
  std::size_t outcomes = 0;
  const auto write_group = [&]() -> SpoolResult<> {
    if (group.empty()) return {};
    TRY_VOID(write(group));
    for (const auto* one : grouped)
      for (const auto& outcome : one->outcomes) note_settled(one->message, outcome.recipient);
    group.clear();
    grouped.clear();
    outcomes = 0;
    return {};
  };
  for (const auto& one : settlements) {
    if (is_repeated(one)) continue;
    if (!one.generated.empty() || outcomes + one.outcomes.size() > outcomes_at_once) TRY_VOID(write_group());
    add_generated(one.generated, texts, group);
    group.emplace_back(OutcomeRecord{one.message, one.outcomes});
    grouped.push_back(&one);
    outcomes += one.outcomes.size();
    if (!one.generated.empty()) TRY_VOID(write_group());
  }
  TRY_VOID(write_group());
  return caused_mail ? flush_log() : SpoolResult<>{};
}

SpoolResult<> SpoolOnDisk::generate(std::span<const GeneratedMail> mails) {
  TRY_VOID(load_deferred());
  const std::lock_guard lock(write_mutex_);
  std::vector<const GeneratedMail*> all;
  for (const auto& mail : mails) all.push_back(&mail);
  TRY(texts, hold_generated(all));
  std::vector<LogRecord> group;
  add_generated({mails.begin(), mails.end()}, texts, group);
  if (group.empty()) return {};  // each is there already
  TRY_VOID(write(group));
  return flush_log();
}

SpoolResult<SpoolOnDisk::HeldNow> SpoolOnDisk::hold_deferred(std::span<const Deferral> deferrals) {
  HeldNow now;
  std::vector<TextToHold> texts;
  for (const auto& one : deferrals) {
    const bool is_held = held(one.message.id).has_value();
    if (!is_held && one.message.journal != 0 && as_written(one).empty()) continue;
    if (!is_held && one.message.journal == 0)
      return failure(SpoolError{SpoolFailure::NotFound, one.message.id.text() + " is not in holding"});
    const bool known = is_held && log_->with_state([&](const DeliveryState& state) {
      return std::ranges::all_of(one.recipients, [&](const auto& to) { return state.holding.has_row(one.message.id, to.recipient); });
    });
    if (known || now.envelopes.contains(one.message.id)) continue;
    TRY(found, envelope(one.message));
    now.envelopes.emplace(one.message.id, found);
    if (is_held) continue;
    const std::shared_ptr<TextReader> from = text(one.message, found.body_octets);
    texts.push_back({std::move(found), [from](std::uint64_t octets) { return from->next(octets); }});
  }
  if (texts.empty()) return now;
  TRY_VOID(bury_before(texts));
  TRY(records, holding_->put(texts));
  for (auto& record : records) {
    record.facts = facts_of(now.envelopes.at(record.id));
    now.texts[record.id] = std::move(record);
  }
  return now;
}

// Rule 3, in this one place: texts flushed in holding, then the schedule records flushed, and only with those is the
// recipient settled in incoming.
SpoolResult<> SpoolOnDisk::defer(std::span<const Deferral> deferrals) {
  TRY_VOID(load_deferred());
  const std::lock_guard lock(write_mutex_);
  TRY_VOID(refuse_overtaken(deferrals));
  std::vector<const GeneratedMail*> mails;
  for (const auto& one : deferrals) {
    if (is_repeated(one)) continue;
    for (const auto& mail : one.generated) mails.push_back(&mail);
  }
  TRY(held_now, hold_deferred(deferrals));
  TRY(generated, hold_generated(mails));
  for (const auto& one : deferrals) {
    std::vector<LogRecord> group;
    if (const auto at = held_now.texts.find(one.message.id); at != held_now.texts.end()) {
      group.emplace_back(at->second);
      held_now.texts.erase(at);
    }
    add_generated(one.generated, generated, group);
    DeferredRecord record{one.message, as_written(one), {}};
    if (record.recipients.empty() && group.empty()) continue;
    if (const auto at = held_now.envelopes.find(one.message.id); at != held_now.envelopes.end())
      for (const auto& to : record.recipients)
        record.keys.push_back(to.recipient < at->second.recipients.size() ? keys_of(at->second.recipients[to.recipient]) : RecipientKeys{});
    group.emplace_back(std::move(record));
    TRY_VOID(write(group));
  }
  TRY_VOID(flush_log());
  for (const auto& one : deferrals)
    for (const auto& schedule : one.recipients) note_settled(one.message, schedule.recipient);
  return {};
}

SpoolResult<> SpoolOnDisk::flush() {
  const std::lock_guard lock(write_mutex_);
  return bury_dead();
}

SpoolResult<> SpoolOnDisk::bury_dead() {
  TRY_VOID(flush_log());
  for (const auto& [id, one] : dead_) holding_->remove_text(id, one);
  dead_.clear();
  return {};
}

// A message whose last recipient in holding has just had its end may be held again, for one that is still in incoming: under
// the same name, which must not go with the text before.
SpoolResult<> SpoolOnDisk::bury_before(const std::vector<TextToHold>& texts) {
  const bool comes_again = std::ranges::any_of(dead_, [&](const auto& dead) {
    return dead.second.blob && std::ranges::any_of(texts, [&](const TextToHold& text) { return text.envelope.id == dead.first; });
  });
  return comes_again ? bury_dead() : SpoolResult<>{};
}

void SpoolOnDisk::set_flush_accounts(FlushAccounts flush) {
  const std::lock_guard lock(write_mutex_);
  flush_accounts_ = std::move(flush);
}

}  // namespace hikyaku::spool
