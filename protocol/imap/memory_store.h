// MemoryStore: one account's mailboxes in memory, answering store.h's requests by the book. Sessions run on it in tests
// and fuzzers, several at once; it is also the model that other stores are compared with. Not for service: nothing is
// bounded, nothing is kept.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/clock.h"
#include "protocol/imap/store.h"

namespace hikyaku::imap {

class MemoryStore {
 public:
  explicit MemoryStore(const Clock& clock, char separator = '/');

  // One session's side: it remembers the messages of an APPEND under way.
  class Connection {
   public:
    explicit Connection(MemoryStore& store) : store_(store) {}
    [[nodiscard]] StoreAnswer carry_out(const StoreRequest& request);

   private:
    friend class MemoryStore;
    struct Pending {
      std::string mailbox, body;
      MessageFlags flags;
      WallTime internal_date;
    };
    MemoryStore& store_;
    std::vector<Pending> pending_;
  };

  // As delivery would.
  std::uint32_t deliver(const std::string& mailbox, std::string body);
  std::optional<std::uint64_t> quota_octets;
  // Every request that follows is answered with this trouble, until it is taken away: for tests of bad days.
  std::optional<Trouble> trouble;

 private:
  struct Message {
    std::string body;
    MessageFlags flags;
    WallTime internal_date, save_date;
    std::uint64_t modseq = 0;
  };
  struct Box {
    MailboxKey key = 0;
    std::uint32_t uid_validity = 1, uid_next = 1, recent_from = 1;
    std::uint64_t modseq = 1;
    bool selectable = true;
    std::uint8_t special_use = UseNone;
    std::map<std::uint32_t, Message> messages;
    std::map<std::uint32_t, std::uint64_t> expunged;  // UID to MODSEQ
    std::map<std::uint32_t, Message> forgotten;       // expunged, still readable
    std::vector<std::string> keywords;
  };

  StoreAnswer answer(const ListMailboxes&);
  StoreAnswer answer(const GetStatus& request);
  StoreAnswer answer(const CreateMailbox& request);
  StoreAnswer answer(const DeleteMailbox& request);
  StoreAnswer answer(const RenameMailbox& request);
  StoreAnswer answer(const Subscribe& request);
  StoreAnswer answer(const OpenMailbox& request);
  StoreAnswer answer(const Refresh& request);
  StoreAnswer answer(const FindVanished& request);
  StoreAnswer answer(const FetchRecords& request);
  StoreAnswer answer(const ReadBody& request);
  StoreAnswer answer(const StoreFlags& request);
  StoreAnswer answer(const SearchMailbox& request);
  StoreAnswer answer(const Expunge& request);
  StoreAnswer answer(const CopyMessages& request);
  StoreAnswer answer(const GetQuota&);
  StoreAnswer commit(std::vector<Connection::Pending> messages);

  [[nodiscard]] Box* find(const std::string& name);
  [[nodiscard]] Box* find(MailboxKey key);
  Box& make(const std::string& name);
  std::uint32_t put(Box& box, Message message);
  void expunge(Box& box, std::uint32_t uid);
  void note_keywords(Box& box, const MessageFlags& flags);
  [[nodiscard]] std::uint64_t used_octets() const;

  const Clock& clock_;
  char separator_;
  std::map<std::string, Box> boxes_;
  std::set<std::string> subscribed_;
  MailboxKey next_key_ = 1;
};

}  // namespace hikyaku::imap
