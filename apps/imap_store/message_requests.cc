// FETCH, STORE, SEARCH, COPY, MOVE and EXPUNGE on the account's mailboxes.
#include <algorithm>

#include "apps/imap_store/requests.h"
#include "apps/imap_store/translate.h"
#include "base/local_zone.h"
#include "protocol/imap/search_match.h"
#include "protocol/mime/search_text.h"
#include "protocol/mime/structure.h"

namespace hikyaku::apps::imap_store {

using imap::StoreAnswer;
using mailboxes::MailboxId;
using mailboxes::MailboxResult;
using mailboxes::Uid;

namespace {

constexpr std::uint32_t records_an_answer = 200;
constexpr std::uint64_t octets_an_answer = 256 << 10;  // of structures and headers
constexpr std::uint64_t header_guess_octets = 16 << 10;
constexpr std::uint64_t kept_text_octets = 256 << 10;  // services/mailboxes cuts longer texts
constexpr Duration slice = 100ms;

MailboxId id_of(imap::MailboxKey key) { return MailboxId{static_cast<std::uint32_t>(key)}; }

}  // namespace

// The records of `uids`, at most `limit`; those that were expunged and can still be read included.
MailboxResult<std::vector<mailboxes::MessageRecord>> Requests::records_of(MailboxId mailbox, const imap::NumberSet& uids,
                                                                          std::uint32_t limit, std::uint32_t& answered_up_to) {
  std::vector<mailboxes::MessageRecord> records;
  imap::NumberSet wanted = uids;
  const imap::NumberSet batch = wanted.take_first(limit);
  answered_up_to = batch.largest();
  // One scan where the UIDs are dense, one a range where they are not.
  const bool dense = std::uint64_t{batch.largest()} - batch.smallest() < 4 * batch.count();
  std::vector<imap::NumberRange> spans = batch.ranges();
  if (dense && !spans.empty()) spans = {{batch.smallest(), batch.largest()}};
  for (const auto& span : spans) {
    TRY(found, shared_.mailboxes.messages(account_, mailbox, Uid{span.first}, Uid{span.last},
                                          static_cast<std::uint32_t>(span.last - span.first + 1), deadline()));
    for (auto& record : found) {
      if (batch.contains(record.uid.value())) records.push_back(std::move(record));
    }
  }
  if (records.size() == batch.count()) return records;
  // Somebody else expunged the missing ones; RFC 2180 §4.1: they can still be fetched for a while.
  std::vector<mailboxes::MessageRecord> gone;
  auto next = records.begin();
  for (const auto& range : batch.ranges()) {
    for (std::uint64_t uid = range.first; uid <= range.last; ++uid) {
      while (next != records.end() && next->uid.value() < uid) ++next;
      if (next != records.end() && next->uid.value() == uid) continue;
      auto record = shared_.mailboxes.message(account_, mailbox, Uid{static_cast<std::uint32_t>(uid)}, deadline());
      if (record) gone.push_back(*std::move(record));
    }
  }
  records.insert(records.end(), std::make_move_iterator(gone.begin()), std::make_move_iterator(gone.end()));
  std::ranges::sort(records, {}, &mailboxes::MessageRecord::uid);
  return records;
}

MailboxResult<std::string> Requests::whole_body(const mailboxes::MessageRecord& record) {
  return shared_.mailboxes.read_body(account_, record, 0, record.octets, deadline());
}

MailboxResult<> Requests::complete(MailboxId mailbox, mailboxes::MessageRecord& record, std::uint8_t needs,
                                   imap::MessageRecord& into) {
  if (needs & imap::NeedStructure) {
    if (record.parsed.empty() || !mime::Structure::decode(record.parsed)) {
      TRY(body, whole_body(record));
      record.parsed = mime::Structure::parse(body).encode();
      // Only a cache: when it cannot be kept it is computed again.
      (void)shared_.mailboxes.save_parsed(account_, mailbox, record.uid, record.parsed, deadline());
    }
    into.structure = std::move(record.parsed);
  }
  if (needs & imap::NeedHeader) {
    TRY(start, shared_.mailboxes.read_body(account_, record, 0, std::min(record.octets, header_guess_octets), deadline()));
    auto header_octets = mime::header_octets(start);
    if (header_octets == start.size() && start.size() < record.octets) {  // it may go on
      TRY(body, whole_body(record));
      start = std::move(body);
      header_octets = mime::header_octets(start);
    }
    start.resize(header_octets);
    into.header = std::move(start);
  }
  return {};
}

StoreAnswer Requests::answer(const imap::FetchRecords& request) {
  const auto mailbox = id_of(request.mailbox);
  imap::Records answer;
  TRY_STORE(records, records_of(mailbox, request.uids, records_an_answer, answer.answered_up_to));
  std::uint64_t octets = 0;
  for (auto& record : records) {
    if (request.changed_since != 0 && record.modseq.value() <= request.changed_since) continue;
    if (octets >= octets_an_answer) {
      answer.answered_up_to = answer.records.back().uid;
      break;
    }
    imap::MessageRecord told;
    told.uid = record.uid.value();
    told.modseq = record.modseq.value();
    told.flags = to_imap(record.flags);
    told.internal_date = record.internal_date;
    told.save_date = save_date(record);
    told.size_octets = record.octets;
    told.email_id = email_id(record);
    if (const auto completed = complete(mailbox, record, request.needs, told); !completed) {
      // A message that was expunged and is forgotten by now is passed over; one that is damaged hides none of the others.
      const auto kind = completed.error().kind;
      if (kind == mailboxes::MailboxFailure::NoSuchMessage) continue;
      if (kind != mailboxes::MailboxFailure::Broken) {
        if (answer.records.empty()) return to_trouble(completed.error());
        answer.answered_up_to = answer.records.back().uid;
        break;
      }
      told.trouble = completed.error().what;
    }
    octets += told.structure.size() + told.header.size();
    answer.records.push_back(std::move(told));
  }
  return answer;
}

StoreAnswer Requests::answer(const imap::ReadBody& request) {
  const auto mailbox = id_of(request.mailbox);
  if (!reading_ || reading_->uid.value() != request.uid || reading_mailbox_ != mailbox) {
    TRY_STORE(record, shared_.mailboxes.message(account_, mailbox, Uid{request.uid}, deadline()));
    record.parsed.clear();
    reading_ = std::make_unique<mailboxes::MessageRecord>(std::move(record));
    reading_mailbox_ = mailbox;
  }
  TRY_STORE(octets, shared_.mailboxes.read_body(account_, *reading_, request.offset, request.octets, deadline()));
  return imap::Octets{std::move(octets)};
}

StoreAnswer Requests::answer(const imap::StoreFlags& request) {
  constexpr mailboxes::FlagOperation operations[] = {mailboxes::FlagOperation::Replace, mailboxes::FlagOperation::Add,
                                                     mailboxes::FlagOperation::Remove};
  mailboxes::Mailboxes::FlagChange change{operations[static_cast<std::size_t>(request.mode)], to_store(request.flags)};
  if (request.unchanged_since) change.unchanged_since = mailboxes::ModSeq{*request.unchanged_since};
  const auto uids = to_uids(request.uids);
  TRY_STORE(result, shared_.mailboxes.store_flags(account_, id_of(request.mailbox), uids, change, deadline()));
  imap::FlagsStored stored;
  for (const auto* list : {&result.changed, &result.same}) {
    for (const auto& message : *list) {
      stored.changed.push_back({message.uid.value(), message.modseq.value(), to_imap(message.flags)});
    }
  }
  std::ranges::sort(stored.changed, {}, &imap::ChangedFlags::uid);
  for (const auto uid : result.modified) stored.modified.add(uid.value());
  return stored;
}

namespace {

// A message as the matcher sees it; header and text are read when a key asks for them.
class StoredSubject final : public imap::SearchSubject {
 public:
  StoredSubject(mailboxes::Mailboxes& store, AccountId account, MailboxId mailbox, const mailboxes::MessageRecord& record,
                Deadline deadline)
      : store_(store), account_(account), mailbox_(mailbox), record_(record), flags_(to_imap(record.flags)), deadline_(deadline) {}

  std::uint32_t uid() const override { return record_.uid.value(); }
  const imap::MessageFlags& flags() const override { return flags_; }
  std::uint64_t modseq() const override { return record_.modseq.value(); }
  std::uint64_t size_octets() const override { return record_.octets; }
  WallTime internal_date() const override { return record_.internal_date; }
  std::optional<WallTime> save_date() const override { return imap_store::save_date(record_); }
  std::chrono::minutes zone(WallTime when) const override { return local_zone(when); }
  std::string_view email_id() const override {
    if (!id_) id_ = imap_store::email_id(record_);
    return *id_;
  }
  std::string_view header() override {
    if (body_) return std::string_view(*body_).substr(0, mime::header_octets(*body_));
    if (!header_) {
      auto start = store_.read_body(account_, record_, 0, header_guess_octets, deadline_);
      header_ = start ? *std::move(start) : note(start.error());
      const auto octets = mime::header_octets(*header_);
      if (octets == header_->size() && octets < record_.octets) {
        header_.reset();
        return std::string_view(body()).substr(0, mime::header_octets(body()));
      }
      header_->resize(octets);
    }
    return *header_;
  }
  std::string_view normalised_body() override {
    if (!text_) text_ = find_text();
    return *text_;
  }
  // What went wrong: the message was not looked at as it should have been.
  [[nodiscard]] const std::optional<mailboxes::MailboxError>& trouble() const { return trouble_; }

 private:
  std::string note(const mailboxes::MailboxError& error) {
    if (error.kind != mailboxes::MailboxFailure::NoSuchMessage) trouble_ = error;
    return {};
  }
  const std::string& body() {
    if (!body_) {
      auto body = store_.read_body(account_, record_, 0, record_.octets, deadline_);
      body_ = body ? *std::move(body) : note(body.error());
    }
    return *body_;
  }
  std::string find_text() {
    // The kept text of a large message is cut; the answer must not be.
    const bool keepable = record_.octets <= kept_text_octets;
    if (keepable) {
      auto kept = store_.search_text(account_, mailbox_, record_.uid, deadline_);
      if (kept && *kept) return **std::move(kept);
    }
    auto text = mime::normalise(mime::body_text(mime::Structure::parse(body()), body()));
    if (keepable && !trouble_ && text.size() <= kept_text_octets) {
      (void)store_.save_search_text(account_, mailbox_, record_.uid, text, deadline_);
    }
    return text;
  }

  mailboxes::Mailboxes& store_;
  AccountId account_;
  MailboxId mailbox_;
  const mailboxes::MessageRecord& record_;
  imap::MessageFlags flags_;
  Deadline deadline_;
  mutable std::optional<std::string> id_;
  std::optional<std::string> header_, body_, text_;
  std::optional<mailboxes::MailboxError> trouble_;
};

}  // namespace

StoreAnswer Requests::answer(const imap::SearchMailbox& request) {
  const auto mailbox = id_of(request.mailbox);
  if (!search_) search_ = std::make_unique<Search>(Search{request.among, {}});
  const auto stop_at = shared_.clock.now() + slice;
  const auto give_up = [this](const mailboxes::MailboxError& error) {
    search_.reset();
    return to_trouble(error);
  };
  while (!search_->left.empty()) {
    std::uint32_t looked_at = 0;
    auto records = records_of(mailbox, search_->left, records_an_answer, looked_at);
    if (!records) return give_up(records.error());
    bool first = true;  // each slice looks at one message at least
    for (const auto& record : *records) {
      if (!std::exchange(first, false) && shared_.clock.now() >= stop_at) {
        looked_at = record.uid.value() - 1;
        break;
      }
      StoredSubject subject(shared_.mailboxes, account_, mailbox, record, deadline());
      const bool matched = imap::matches(*request.key, subject, shared_.clock.wall());
      if (subject.trouble()) return give_up(*subject.trouble());
      if (!matched || record.expunged) continue;
      search_->found.uids.add(record.uid.value());
      search_->found.highest_modseq = std::max(search_->found.highest_modseq, record.modseq.value());
    }
    search_->left.drop_up_to(looked_at);
    if (!search_->left.empty() && shared_.clock.now() >= stop_at) return imap::Found{};  // unfinished()
  }
  auto found = std::move(search_->found);
  search_.reset();
  return found;
}

StoreAnswer Requests::answer(const imap::Expunge& request) {
  std::vector<Uid> named;
  std::optional<std::span<const Uid>> uids;  // nothing: the whole mailbox
  if (request.uids) uids = named = to_uids(*request.uids);
  TRY_STORE(expunged, shared_.mailboxes.expunge(account_, id_of(request.mailbox), uids,
                                                mailboxes::Mailboxes::ExpungeOf::DeletedOnly, deadline()));
  (void)expunged;
  return imap::Done{};
}

StoreAnswer Requests::answer(const imap::CopyMessages& request) {
  TRY_STORE(target, selectable(request.to));
  const auto uids = to_uids(request.uids);
  const auto from = id_of(request.mailbox);
  auto result = request.originals == imap::Originals::Keep
                    ? shared_.mailboxes.copy(account_, from, uids, target.id, shared_.quota(account_), deadline())
                    : shared_.mailboxes.move(account_, from, uids, target.id, deadline());
  if (!result) return to_trouble(result.error());
  return imap::Copied{result->uid_validity.value(), to_ranges(result->from), to_ranges(result->to)};
}

}  // namespace hikyaku::apps::imap_store
