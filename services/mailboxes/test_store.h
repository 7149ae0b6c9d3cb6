// What the tests of this folder share: a store over the memory engine, and short forms of its calls.
#pragma once

#include <doctest/doctest.h>

#include "services/mailboxes/consistency.h"
#include "services/mailboxes/mailboxes.h"
#include "storage/memory_engine.h"

namespace hikyaku::mailboxes {

inline Deadline soon() { return std::chrono::steady_clock::now() + 20s; }

template <class T>
std::string why(const MailboxResult<T>& result) {
  return result ? "" : std::to_string(static_cast<int>(result.error().kind)) + " " + result.error().what;
}

template <class T>
bool fails(const MailboxResult<T>& result, MailboxFailure kind) {
  return !result && result.error().kind == kind;
}

struct Rig {
  std::shared_ptr<storage::MemoryStore> disk = std::make_shared<storage::MemoryStore>();
  storage::MemoryEngine engine{disk};
  SystemClock clock;
  Mailboxes boxes{engine, clock};
  AccountId account{7};

  MailboxId box(std::string_view name) {
    const auto found = boxes.find(account, name, soon());
    REQUIRE_MESSAGE(found, why(found));
    return found->id;
  }
  Uid append(std::string_view body, Flags flags = {}, std::string_view to = "INBOX") {
    const NewMessage message{.body = body, .flags = std::move(flags)};
    const auto done = boxes.append(account, box(to), {&message, 1}, {}, soon());
    REQUIRE_MESSAGE(done, why(done));
    return done->front().uid;
  }
  Snapshot open(std::string_view name) {
    auto snapshot = boxes.open(account, box(name), Mailboxes::RecentMessages::Leave, soon());
    REQUIRE_MESSAGE(snapshot, why(snapshot));
    return std::move(*snapshot);
  }
  std::vector<std::uint32_t> uids(std::string_view name) {
    std::vector<std::uint32_t> out;
    for (const auto& entry : open(name).entries) out.push_back(entry.uid.value());
    return out;
  }
  std::string body(std::string_view name, Uid uid) {
    const auto record = boxes.message(account, box(name), uid, soon());
    REQUIRE_MESSAGE(record, why(record));
    const auto text = boxes.read_body(account, *record, 0, record->octets, soon());
    REQUIRE_MESSAGE(text, why(text));
    return *text;
  }
  void check_consistent() {
    const auto problems = check_account(engine, account, Bodies::Verify, soon());
    REQUIRE_MESSAGE(problems, why(problems));
    for (const auto& problem : *problems) FAIL_CHECK(problem);
  }
};

}  // namespace hikyaku::mailboxes
