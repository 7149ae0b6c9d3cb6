#include "protocol/imap/memory_store.h"

#include <algorithm>

#include "base/cursor.h"
#include "protocol/imap/search_match.h"
#include "protocol/mime/search_text.h"
#include "protocol/mime/structure.h"

namespace hikyaku::imap {
namespace {

constexpr std::uint32_t records_an_answer = 7;  // small, so that sessions have to ask again

Trouble trouble_of(TroubleKind kind) { return {kind, {}}; }

// Whether the flags were different before.
bool change_flags(MessageFlags& flags, StoreMode mode, const MessageFlags& by) {
  const MessageFlags before = flags;
  const auto drop = [&](const std::string& keyword) {
    std::erase_if(flags.keywords, [&](const std::string& each) { return equal_ignoring_case(each, keyword); });
  };
  switch (mode) {
    case StoreMode::Replace: flags = by; break;
    case StoreMode::Add:
      flags.system |= by.system;
      for (const auto& keyword : by.keywords) {
        if (!flags.has_keyword(keyword)) flags.keywords.push_back(keyword);
      }
      break;
    case StoreMode::Remove:
      flags.system &= static_cast<std::uint8_t>(~by.system);
      for (const auto& keyword : by.keywords) drop(keyword);
      break;
  }
  return !(flags == before);
}

void add_to_ranges(std::vector<NumberRange>& ranges, std::uint32_t uid) {
  if (!ranges.empty() && ranges.back().last + 1 == uid) {
    ranges.back().last = uid;
  } else {
    ranges.push_back({uid, uid});
  }
}

}  // namespace

MemoryStore::MemoryStore(const Clock& clock, char separator) : clock_(clock), separator_(separator) {
  make("INBOX");
  subscribed_.insert("INBOX");
}

StoreAnswer MemoryStore::Connection::carry_out(const StoreRequest& request) {
  if (store_.trouble) return *store_.trouble;
  if (const auto* start = std::get_if<AppendStart>(&request)) {
    auto* box = store_.find(start->mailbox);
    if (box == nullptr || !box->selectable) return trouble_of(TroubleKind::NoSuchMailbox);
    if (store_.quota_octets && store_.used_octets() + start->octets > *store_.quota_octets) return trouble_of(TroubleKind::OverQuota);
    pending_.push_back({start->mailbox, {}, start->flags, start->internal_date.value_or(store_.clock_.wall())});
    return Done{};
  }
  if (const auto* data = std::get_if<AppendData>(&request)) return pending_.back().body += data->octets, Done{};
  if (std::holds_alternative<AppendAbort>(request)) return pending_.clear(), Done{};
  if (std::holds_alternative<AppendCommit>(request)) return store_.commit(std::exchange(pending_, {}));
  return std::visit(
      [this](const auto& each) -> StoreAnswer {
        using Request = std::decay_t<decltype(each)>;
        if constexpr (std::is_same_v<Request, AppendStart> || std::is_same_v<Request, AppendData> ||
                      std::is_same_v<Request, AppendAbort> || std::is_same_v<Request, AppendCommit>) {
          return trouble_of(TroubleKind::Unavailable);
        } else {
          return store_.answer(each);
        }
      },
      request);
}

MemoryStore::Box* MemoryStore::find(const std::string& name) {
  const auto box = boxes_.find(name);
  return box == boxes_.end() ? nullptr : &box->second;
}

MemoryStore::Box* MemoryStore::find(MailboxKey key) {
  for (auto& [name, box] : boxes_) {
    if (box.key == key) return &box;
  }
  return nullptr;
}

MemoryStore::Box& MemoryStore::make(const std::string& name) {
  auto& box = boxes_[name];
  box.key = next_key_++;
  box.uid_validity = static_cast<std::uint32_t>(1'000 + box.key);
  return box;
}

void MemoryStore::note_keywords(Box& box, const MessageFlags& flags) {
  for (const auto& keyword : flags.keywords) {
    const auto same = [&](const std::string& each) { return equal_ignoring_case(each, keyword); };
    if (std::ranges::none_of(box.keywords, same)) box.keywords.push_back(keyword);
  }
}

std::uint32_t MemoryStore::put(Box& box, Message message) {
  message.modseq = ++box.modseq;
  message.save_date = clock_.wall();
  note_keywords(box, message.flags);
  box.messages[box.uid_next] = std::move(message);
  return box.uid_next++;
}

void MemoryStore::expunge(Box& box, std::uint32_t uid) {
  const auto message = box.messages.find(uid);
  if (message == box.messages.end()) return;
  box.forgotten[uid] = std::move(message->second);
  box.messages.erase(message);
  box.expunged[uid] = ++box.modseq;
}

std::uint64_t MemoryStore::used_octets() const {
  std::uint64_t total = 0;
  for (const auto& [name, box] : boxes_) {
    for (const auto& [uid, message] : box.messages) total += message.body.size();
  }
  return total;
}

std::uint32_t MemoryStore::deliver(const std::string& mailbox, std::string body) {
  return put(*find(mailbox), {std::move(body), {}, clock_.wall(), {}, 0});
}

StoreAnswer MemoryStore::answer(const ListMailboxes&) {
  MailboxList list;
  for (const auto& [name, box] : boxes_) {
    list.mailboxes.push_back({name, box.key, box.special_use, true, box.selectable, subscribed_.contains(name)});
  }
  for (const auto& name : subscribed_) {
    if (!boxes_.contains(name)) list.mailboxes.push_back({name, 0, UseNone, false, false, true});
  }
  return list;
}

StoreAnswer MemoryStore::answer(const GetStatus& request) {
  auto* box = find(request.name);
  if (box == nullptr || !box->selectable) return trouble_of(TroubleKind::NoSuchMailbox);
  MailboxStatus status;
  status.key = box->key;
  status.uid_next = box->uid_next;
  status.uid_validity = box->uid_validity;
  status.highest_modseq = box->modseq;
  for (const auto& [uid, message] : box->messages) {
    ++status.messages;
    status.recent += uid >= box->recent_from;
    status.unseen += !message.flags.has(Seen);
    status.deleted += message.flags.has(Deleted);
    status.size_octets += message.body.size();
  }
  return status;
}

StoreAnswer MemoryStore::answer(const CreateMailbox& request) {
  const auto& name = request.name;
  const std::string doubled(2, separator_);
  if (name.empty() || name.front() == separator_ || name.contains(doubled) || name.size() > 400) {
    return trouble_of(TroubleKind::NotAllowed);
  }
  auto* known = find(name);
  if (known != nullptr && known->selectable) return trouble_of(TroubleKind::AlreadyExists);
  for (const auto& [other, box] : boxes_) {
    if (request.special_use & box.special_use) return trouble_of(TroubleKind::UseTaken);
  }
  for (auto cut = name.find(separator_); cut != std::string::npos; cut = name.find(separator_, cut + 1)) {
    const auto parent = name.substr(0, cut);
    if (find(parent) == nullptr) make(parent).selectable = false;
  }
  Box& box = known != nullptr ? *known : make(name);
  box.selectable = true;
  box.special_use = request.special_use;
  return Created{box.key};
}

StoreAnswer MemoryStore::answer(const DeleteMailbox& request) {
  auto* box = find(request.name);
  if (box == nullptr) return trouble_of(TroubleKind::NoSuchMailbox);
  const auto prefix = request.name + separator_;
  const auto child = boxes_.lower_bound(prefix);
  const bool has_children = child != boxes_.end() && child->first.starts_with(prefix);
  if (!has_children) return boxes_.erase(request.name), Done{};
  if (!box->selectable) return trouble_of(TroubleKind::HasChildren);
  *box = Box{.key = next_key_++, .selectable = false};
  return Done{};
}

StoreAnswer MemoryStore::answer(const RenameMailbox& request) {
  auto* from = find(request.from);
  if (from == nullptr) return trouble_of(TroubleKind::NoSuchMailbox);
  if (find(request.to) != nullptr) return trouble_of(TroubleKind::AlreadyExists);
  const auto prefix = request.from + separator_;
  if (request.to.starts_with(prefix)) return trouble_of(TroubleKind::NotAllowed);
  if (request.from == "INBOX") {
    // RFC 9051 §6.3.6: the messages go, INBOX stays.
    auto made = answer(CreateMailbox{request.to, UseNone});
    if (std::holds_alternative<Trouble>(made)) return made;
    auto& inbox = *find(std::string("INBOX"));
    auto& target = *find(request.to);
    std::vector<std::uint32_t> uids;
    for (auto& [uid, message] : inbox.messages) uids.push_back(uid);
    for (const auto uid : uids) {
      put(target, inbox.messages[uid]);
      expunge(inbox, uid);
    }
    return Done{};
  }
  auto check_name = answer(CreateMailbox{request.to, UseNone});
  if (std::holds_alternative<Trouble>(check_name)) return check_name;
  boxes_.erase(request.to);
  std::vector<std::string> names;
  for (const auto& [name, box] : boxes_) {
    if (name == request.from || name.starts_with(prefix)) names.push_back(name);
  }
  for (const auto& name : names) {
    auto node = boxes_.extract(name);
    node.key() = request.to + name.substr(request.from.size());
    boxes_.insert(std::move(node));
  }
  return Done{};
}

StoreAnswer MemoryStore::answer(const Subscribe& request) {
  if (request.state == Subscription::On) {
    subscribed_.insert(request.name);
  } else {
    subscribed_.erase(request.name);
  }
  return Done{};
}

StoreAnswer MemoryStore::answer(const OpenMailbox& request) {
  auto* box = find(request.name);
  if (box == nullptr || !box->selectable) return trouble_of(TroubleKind::NoSuchMailbox);
  Opened opened;
  opened.key = box->key;
  opened.access = request.access;
  opened.uid_validity = box->uid_validity;
  opened.uid_next = box->uid_next;
  opened.highest_modseq = box->modseq;
  opened.keywords = box->keywords;
  opened.recent_from_uid = box->recent_from;
  for (const auto& [uid, message] : box->messages) {
    add_to_ranges(opened.uids, uid);
    if (opened.first_unseen_uid == 0 && !message.flags.has(Seen)) opened.first_unseen_uid = uid;
  }
  if (request.access == Access::ReadWrite) box->recent_from = box->uid_next;
  return opened;
}

StoreAnswer MemoryStore::answer(const Refresh& request) {
  auto* box = find(request.mailbox);
  if (box == nullptr) return trouble_of(TroubleKind::Gone);
  Changes changes;
  changes.highest_modseq = box->modseq;
  changes.uid_next = box->uid_next;
  changes.recent_from_uid = box->recent_from;
  for (const auto& [uid, message] : box->messages) {
    if (uid >= request.uid_next) add_to_ranges(changes.arrived, uid);
    if (message.modseq > request.since_modseq) changes.changed.push_back({uid, message.modseq, message.flags});
  }
  for (const auto& [uid, modseq] : box->expunged) {
    if (modseq > request.since_modseq) changes.expunged.add(uid);
  }
  if (request.access == Access::ReadWrite) box->recent_from = box->uid_next;
  return changes;
}

StoreAnswer MemoryStore::answer(const FindVanished& request) {
  auto* box = find(request.mailbox);
  if (box == nullptr) return trouble_of(TroubleKind::Gone);
  Vanished vanished;
  for (const auto& [uid, modseq] : box->expunged) {
    if (modseq > request.since_modseq && request.among.contains(uid)) vanished.uids.add(uid);
  }
  return vanished;
}

StoreAnswer MemoryStore::answer(const FetchRecords& request) {
  auto* box = find(request.mailbox);
  if (box == nullptr) return trouble_of(TroubleKind::Gone);
  Records records;
  records.answered_up_to = request.uids.largest();
  for (const auto& range : request.uids.ranges()) {
    for (std::uint64_t uid = range.first; uid <= range.last; ++uid) {
      const auto number = static_cast<std::uint32_t>(uid);
      const bool here = box->messages.contains(number);
      if (!here && !box->forgotten.contains(number)) continue;
      const auto& message = here ? box->messages[number] : box->forgotten[number];
      if (request.changed_since != 0 && message.modseq <= request.changed_since) continue;
      if (records.records.size() == records_an_answer) {
        records.answered_up_to = records.records.back().uid;
        return records;
      }
      MessageRecord record{number, message.modseq, message.flags, message.internal_date, message.save_date, message.body.size()};
      record.email_id = "e" + std::to_string(box->key) + "-" + std::to_string(number);
      if (request.needs & NeedStructure) record.structure = mime::Structure::parse(message.body).encode();
      if (request.needs & NeedHeader) record.header = message.body.substr(0, mime::header_octets(message.body));
      records.records.push_back(std::move(record));
    }
  }
  return records;
}

StoreAnswer MemoryStore::answer(const ReadBody& request) {
  auto* box = find(request.mailbox);
  if (box == nullptr) return trouble_of(TroubleKind::Gone);
  const bool here = box->messages.contains(request.uid);
  if (!here && !box->forgotten.contains(request.uid)) return trouble_of(TroubleKind::NoSuchMessage);
  const auto& body = here ? box->messages[request.uid].body : box->forgotten[request.uid].body;
  if (request.offset > body.size()) return Octets{};
  return Octets{body.substr(request.offset, request.octets)};
}

StoreAnswer MemoryStore::answer(const StoreFlags& request) {
  auto* box = find(request.mailbox);
  if (box == nullptr) return trouble_of(TroubleKind::Gone);
  FlagsStored stored;
  note_keywords(*box, request.flags);
  for (auto& [uid, message] : box->messages) {
    if (!request.uids.contains(uid)) continue;
    if (request.unchanged_since && message.modseq > *request.unchanged_since) {
      stored.modified.add(uid);
      continue;
    }
    if (change_flags(message.flags, request.mode, request.flags)) message.modseq = ++box->modseq;
    stored.changed.push_back({uid, message.modseq, message.flags});
  }
  return stored;
}

namespace {

class BodySubject final : public SearchSubject {
 public:
  BodySubject(std::uint32_t uid, const MessageFlags& flags, std::uint64_t modseq, WallTime internal_date, WallTime save_date,
              std::string_view body)
      : uid_(uid), flags_(flags), modseq_(modseq), internal_date_(internal_date), save_date_(save_date), body_(body) {}
  std::uint32_t uid() const override { return uid_; }
  const MessageFlags& flags() const override { return flags_; }
  std::uint64_t modseq() const override { return modseq_; }
  std::uint64_t size_octets() const override { return body_.size(); }
  WallTime internal_date() const override { return internal_date_; }
  std::optional<WallTime> save_date() const override { return save_date_; }
  std::string_view email_id() const override { return {}; }
  std::string_view header() override { return body_.substr(0, mime::header_octets(body_)); }
  std::string_view normalised_body() override {
    if (!text_) text_ = mime::normalise(mime::body_text(mime::Structure::parse(body_), body_));
    return *text_;
  }

 private:
  std::uint32_t uid_;
  const MessageFlags& flags_;
  std::uint64_t modseq_;
  WallTime internal_date_, save_date_;
  std::string_view body_;
  std::optional<std::string> text_;
};

}  // namespace

StoreAnswer MemoryStore::answer(const SearchMailbox& request) {
  auto* box = find(request.mailbox);
  if (box == nullptr) return trouble_of(TroubleKind::Gone);
  Found found;
  for (const auto& [uid, message] : box->messages) {
    BodySubject subject(uid, message.flags, message.modseq, message.internal_date, message.save_date, message.body);
    if (!request.among.contains(uid) || !matches(*request.key, subject, clock_.wall())) continue;
    found.uids.add(uid);
    found.highest_modseq = std::max(found.highest_modseq, message.modseq);
  }
  return found;
}

StoreAnswer MemoryStore::answer(const Expunge& request) {
  auto* box = find(request.mailbox);
  if (box == nullptr) return trouble_of(TroubleKind::Gone);
  std::vector<std::uint32_t> uids;
  for (const auto& [uid, message] : box->messages) {
    if (message.flags.has(Deleted) && (!request.uids || request.uids->contains(uid))) uids.push_back(uid);
  }
  for (const auto uid : uids) expunge(*box, uid);
  return Done{};
}

StoreAnswer MemoryStore::answer(const CopyMessages& request) {
  auto* from = find(request.mailbox);
  if (from == nullptr) return trouble_of(TroubleKind::Gone);
  auto* to = find(request.to);
  if (to == nullptr || !to->selectable) return trouble_of(TroubleKind::NoSuchMailbox);
  Copied copied{.uid_validity = to->uid_validity};
  std::vector<std::uint32_t> uids;
  for (const auto& [uid, message] : from->messages) {
    if (request.uids.contains(uid)) uids.push_back(uid);
  }
  for (const auto uid : uids) {
    add_to_ranges(copied.from, uid);
    add_to_ranges(copied.to, put(*to, from->messages[uid]));
    if (request.originals == Originals::Remove) expunge(*from, uid);
  }
  return copied;
}

StoreAnswer MemoryStore::answer(const GetQuota&) {
  Quota quota;
  quota.used_octets = used_octets();
  quota.limit_octets = quota_octets;
  return quota;
}

StoreAnswer MemoryStore::commit(std::vector<Connection::Pending> messages) {
  Appended appended;
  for (const auto& each : messages) {
    if (find(each.mailbox) == nullptr) return trouble_of(TroubleKind::NoSuchMailbox);
  }
  for (auto& each : messages) {
    Box& box = *find(each.mailbox);
    appended.uid_validity = box.uid_validity;
    appended.uids.add(put(box, {std::move(each.body), std::move(each.flags), each.internal_date, {}, 0}));
  }
  return appended;
}

}  // namespace hikyaku::imap
