#include "services/mailboxes/consistency.h"

#include <map>
#include <set>

#include "base/checksum.h"
#include "services/mailboxes/store.h"

namespace hikyaku::mailboxes {

namespace {

struct Counted {
  std::int64_t exists = 0, unseen = 0, deleted = 0, octets = 0, gone = 0;
};

class Check {
 public:
  Check(const Store& store, Bodies bodies) : store_(store), bodies_(bodies) {}

  MailboxResult<std::vector<std::string>> run() {
    TRY_VOID(read());
    for (const auto& [id, row] : mailboxes_) check_mailbox(id);
    for (const auto& [name, row] : names_)
      if (!mailboxes_.contains(row.id.value()) || mailboxes_.at(row.id.value()).name != name)
        say("the name " + name + " leads to no mailbox of that name");
    check_quota();
    TRY_VOID(check_bodies());
    return std::move(problems_);
  }

 private:
  void say(std::string what) { problems_.push_back(std::move(what)); }

  static std::uint32_t mailbox_of(const storage::Row& row) {
    return static_cast<std::uint32_t>(keys::big_endian(std::string_view(row.key).substr(1, 4)));
  }

  MailboxResult<> read() {
    return store_.scan("", "", [&](const storage::Row& row) {
      take(row);
      return true;
    });
  }

  void take(const storage::Row& row) {
    switch (row.key.front()) {
      case 'b':
        if (auto mailbox = MailboxRow::decode(row.value)) mailboxes_.emplace(mailbox_of(row), std::move(*mailbox));
        else say("a mailbox row cannot be read");
        break;
      case 'n':
        if (const auto name = NameRow::decode(row.value)) names_.emplace(row.key.substr(1), *name);
        else say("a name row cannot be read");
        break;
      case 'g': garbage_.insert(mailbox_of(row)); break;
      case 'f':
        if (auto flags = FlagsRow::decode(row.value)) flags_[mailbox_of(row)].emplace(keys::uid_of(row.key), std::move(*flags));
        else say("a flags row cannot be read");
        break;
      case 'm':
        if (auto message = MessageRow::decode(row.value)) messages_[mailbox_of(row)].emplace(keys::uid_of(row.key), std::move(*message));
        else say("a message row cannot be read");
        break;
      case 'x':
        if (const auto gone = ExpungedRow::decode(row.value)) ++named_[gone->message.blob];
        else say("an expunged row cannot be read");
        break;
      case 'c': changes_[mailbox_of(row)].push_back({keys::modseq_of(row.key), keys::uid_of(row.key), row.value == change_value(ChangeKind::Expunged)}); break;
      case 'k': counters_[row.key] = keys::count_of(row.value); break;
      case 'r': shares_[storage::BlobId{row.key.substr(1)}] = keys::count_of(row.value); break;
      case 'q': quota_[row.key] = static_cast<std::int64_t>(keys::count_of(row.value)); break;
      default: break;
    }
  }

  std::uint64_t counter(MailboxId id, keys::Counter which) const {
    const auto found = counters_.find(keys::counter(id, which));
    return found == counters_.end() ? 0 : found->second;
  }

  void compare(MailboxId id, keys::Counter which, std::int64_t counted, std::string_view name) {
    const auto kept = static_cast<std::int64_t>(counter(id, which));
    if (kept != counted)
      say("mailbox " + std::to_string(id.value()) + ": the counter of " + std::string(name) + " is " + std::to_string(kept) + " and should be " + std::to_string(counted));
  }

  void check_mailbox(std::uint32_t number) {
    const MailboxId id{number};
    const auto text = "mailbox " + std::to_string(number);
    const auto& flags = flags_[number];
    const auto& messages = messages_[number];
    Counted counted;
    for (const auto& [uid, row] : flags) {
      ++counted.exists;
      counted.octets += row.octets;
      counted.unseen += !row.flags.has(Seen);
      counted.deleted += row.flags.has(Deleted);
      if (!messages.contains(uid)) say(text + ": uid " + std::to_string(uid.value()) + " has flags and no message");
      if (row.modseq.value() > counter(id, keys::Counter::ModSeq)) say(text + ": a modseq is above the counter");
      if (uid.value() > counter(id, keys::Counter::Uid)) say(text + ": a uid is above the counter");
    }
    for (const auto& [uid, row] : messages)
      if (!flags.contains(uid)) say(text + ": uid " + std::to_string(uid.value()) + " has a message and no flags");
    check_log(text, number, counted);
    compare(id, keys::Counter::Exists, counted.exists, "messages");
    compare(id, keys::Counter::Octets, counted.octets, "octets");
    compare(id, keys::Counter::Unseen, counted.unseen, "unseen messages");
    compare(id, keys::Counter::Deleted, counted.deleted, "deleted messages");
    compare(id, keys::Counter::Gone, counted.gone, "expunges in the log");
    octets_ += counted.octets;
    count_ += counted.exists;
  }

  // One entry for each live message, with its modseq; each expunged uid once.
  void check_log(const std::string& text, std::uint32_t number, Counted& counted) {
    const auto& flags = flags_[number];
    std::set<Uid> live, gone;
    for (const auto& [modseq, uid, expunged] : changes_[number]) {
      const auto at = text + ": the log's entry of uid " + std::to_string(uid.value());
      if (expunged) {
        ++counted.gone;
        if (flags.contains(uid) || !gone.insert(uid).second) say(at + " says expunged, which is wrong or said twice");
      } else {
        const auto row = flags.find(uid);
        if (row == flags.end() || row->second.modseq != modseq || !live.insert(uid).second) say(at + " does not fit its message");
      }
    }
    if (live.size() != flags.size()) say(text + ": " + std::to_string(flags.size() - live.size()) + " messages are not in the log");
  }

  void check_quota() {
    if (quota_["qo"] != octets_) say("the quota counts " + std::to_string(quota_["qo"]) + " octets and should count " + std::to_string(octets_));
    if (quota_["qm"] != count_) say("the quota counts " + std::to_string(quota_["qm"]) + " messages and should count " + std::to_string(count_));
  }

  MailboxResult<> check_bodies() {
    std::map<storage::BlobId, std::pair<std::uint64_t, std::uint64_t>> bodies;  // checksum, octets
    for (const auto& [number, messages] : messages_)
      for (const auto& [uid, row] : messages) {
        ++named_[row.blob];
        bodies[row.blob] = {row.body_checksum, row.octets};
      }
    for (const auto& [blob, count] : named_) {
      const auto found = shares_.find(blob);
      const auto more = found == shares_.end() ? 0 : found->second;
      if (more + 1 != count) say("a body is named by " + std::to_string(count) + " records and counted as " + std::to_string(more + 1));
    }
    for (const auto& [blob, count] : shares_)
      if (!named_.contains(blob)) say("a share count is left of a body nobody names");
    if (bodies_ == Bodies::Skip) return {};
    for (const auto& [blob, want] : bodies) {
      auto read = store_.engine().read_blob(store_.partition(), blob, 0, want.second + 1, store_.deadline());
      if (!read) say("a body cannot be read: " + read.error().what);
      else if (read->size() != want.second || checksum(*read) != want.first) say("a body is not what was stored");
    }
    return {};
  }

  struct LogEntry {
    ModSeq modseq;
    Uid uid;
    bool expunged;
  };

  const Store& store_;
  Bodies bodies_;
  std::vector<std::string> problems_;
  std::map<std::uint32_t, MailboxRow> mailboxes_;
  std::map<std::string, NameRow> names_;
  std::set<std::uint32_t> garbage_;
  std::map<std::uint32_t, std::map<Uid, FlagsRow>> flags_;
  std::map<std::uint32_t, std::map<Uid, MessageRow>> messages_;
  std::map<std::uint32_t, std::vector<LogEntry>> changes_;
  std::map<std::string, std::uint64_t> counters_;
  std::map<storage::BlobId, std::uint64_t> shares_, named_;
  std::map<std::string, std::int64_t> quota_;
  std::int64_t octets_ = 0, count_ = 0;
};

}  // namespace

MailboxResult<std::vector<std::string>> check_account(storage::Engine& engine, AccountId account, Bodies bodies, Deadline deadline) {
  const Store store(engine, account, deadline);
  return Check(store, bodies).run();
}

}  // namespace hikyaku::mailboxes
