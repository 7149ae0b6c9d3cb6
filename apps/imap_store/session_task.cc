#include "apps/imap_store/session_task.h"

#include <malloc.h>

#include "apps/imap_store/opening.h"
#include "base/check.h"
#include "services/telemetry/events.h"

namespace hikyaku::apps::imap_store {
namespace {

namespace events = telemetry::events;

constexpr Duration write_limit = 5min;   // a client that takes nothing for so long is gone
constexpr Duration close_limit = 5s;

// A session's parts; the coroutines below work on it.
struct Visit {
  Visit(Hall& house, front::LoggedIn visitor, std::unique_ptr<io::Connection> connection)
      : hall(house),
        who(std::move(visitor)),
        stream(std::move(connection)),
        place(house.loop, who.account, *stream),
        requests(house.shared, who.account),
        settings(house.settings) {
    place.link_before(house.sessions);
  }
  Hall& hall;
  front::LoggedIn who;
  std::unique_ptr<io::Connection> stream;
  IdleSession place;
  Requests requests;
  std::shared_ptr<const imap::SessionSettings> settings;
  std::unique_ptr<storage::Watch> watch;
  std::string reason;  // why it ended, for the log
};

// Carries a request out on a worker, slice by slice.
Task<imap::StoreAnswer> carry_out(Visit& visit, imap::StoreRequest request) {
  ++visit.hall.requests;
  for (;;) {
    auto work = visit.hall.workers.run(visit.hall.loop, [&] { return visit.requests.carry_out(request); });
    auto answer = co_await std::move(work);
    if (!answer) co_return imap::Trouble{imap::TroubleKind::Unavailable, "all workers are busy"};
    if (visit.requests.unfinished()) continue;
    if (const auto* trouble = std::get_if<imap::Trouble>(&*answer)) {
      const bool ours = trouble->kind == imap::TroubleKind::Unavailable || trouble->kind == imap::TroubleKind::OutcomeUnknown;
      if (ours) visit.hall.log.write(events::storage_trouble, {.account = visit.who.address, .reason = trouble->what});
    }
    if (const auto* told = std::get_if<imap::Records>(&*answer))
      for (const auto& one : told->records)
        if (!one.trouble.empty()) visit.hall.log.write(events::storage_trouble, {.account = visit.who.address, .reason = one.trouble});
    co_return *std::move(answer);
  }
}

// Waits for octets, a change of the mailbox, the end of patience or an order to stop, and tells the session. False:
// the client is gone.
Task<bool> wait_for_input(Visit& visit, imap::Session& session, imap::NeedInput wait) {
  const bool for_change = wait.wake_on == imap::NeedInput::WakeOn::InputOrChange;
  visit.requests.release_memory();
  if (for_change && !visit.watch) {
    visit.watch = visit.hall.shared.mailboxes.watch(visit.who.account, visit.place.bell());
    session.changed();  // what happened before the watch began
    co_return true;
  }
  if (for_change && visit.place.take_ring()) {
    session.changed();
    co_return true;
  }
  if (!visit.place.goodbye().empty()) {
    session.say_goodbye(visit.place.goodbye());
    co_return true;
  }
  visit.place.waits_for_change = for_change;
  visit.place.version = visit.requests.seen_version();
  auto reading = visit.stream->read(visit.hall.loop.after(visit.hall.idle_limit));
  auto read = co_await std::move(reading);
  visit.place.waits_for_change = false;
  if (read) {
    session.receive(*read);
    co_return true;
  }
  if (read.error().kind == io::IoFailure::Interrupted) co_return true;  // the next round finds out why
  if (read.error().kind == io::IoFailure::TimedOut) {                   // RFC 9051 §5.4
    session.say_goodbye("Idle for too long");
    visit.reason = "idle for too long";
    co_return true;
  }
  visit.reason = read.error().kind == io::IoFailure::Closed ? "the client hung up" : read.error().what;
  co_return false;
}

Task<void> converse(Visit& visit, imap::Session& session) {
  for (;;) {
    auto step = session.next();
    if (auto* send = std::get_if<imap::Send>(&step)) {
      const std::string octets = std::move(send->octets);
      auto writing = visit.stream->write(octets, visit.hall.loop.after(write_limit));
      const auto written = co_await std::move(writing);
      if (written) continue;
      visit.reason = written.error().what;
      co_return;
    }
    if (auto* ask = std::get_if<imap::Ask>(&step)) {
      auto work = carry_out(visit, std::move(ask->request));
      auto answer = co_await std::move(work);
      session.answer(std::move(answer));
      continue;
    }
    if (const auto* input = std::get_if<imap::NeedInput>(&step)) {
      auto waiting = wait_for_input(visit, session, *input);
      const bool there = co_await std::move(waiting);
      if (there) continue;
      co_return;
    }
    co_return;  // Close
  }
}

Task<void> say(Visit& visit, std::string text) {
  auto writing = visit.stream->write(text, visit.hall.loop.after(close_limit));
  const auto written = co_await std::move(writing);
  (void)written;
}

Task<void> run_visit(Visit& visit) {
  auto login = decode_opening(visit.who.opening);
  if (!login) {
    visit.reason = "the front said nothing that makes sense";
    co_return;
  }
  auto preparing = visit.hall.workers.run(visit.hall.loop, [&] { return visit.requests.prepare(); });
  const auto prepared = co_await std::move(preparing);
  if (!prepared || !*prepared) {
    visit.reason = prepared ? prepared->error().what : "all workers are busy";
    visit.hall.log.write(events::storage_trouble, {.account = visit.who.address, .reason = visit.reason});
    auto saying = say(visit, login->tag + " NO [UNAVAILABLE] The mailbox cannot be opened now\r\n* BYE Try again later\r\n");
    co_await std::move(saying);
    co_return;
  }
  visit.who.opening.clear();
  visit.who.opening.shrink_to_fit();
  imap::Session session(*visit.settings, *std::move(login));
  if (visit.hall.log.wants(events::imap_command)) {
    session.overhear([&visit](std::string_view command, std::string_view reply) {
      visit.hall.log.write(events::imap_command,
                           {.account = visit.who.address, .client = visit.who.client_address, .command = command, .reply = reply});
    });
  }
  auto conversing = converse(visit, session);
  co_await std::move(conversing);
}

}  // namespace

Task<void> serve_session(Hall& hall, front::LoggedIn who, std::unique_ptr<io::Connection> stream) {
  Visit visit(hall, std::move(who), std::move(stream));
  std::string bug;
  try {
    auto running = run_visit(visit);
    co_await std::move(running);
  } catch (const Bug& found) {
    bug = found.what();
  }
  if (!bug.empty()) {
    hall.log.write(events::bug_found, {.account = visit.who.address, .client = visit.who.client_address, .reason = bug});
    auto saying = say(visit, "* BYE Internal error, please connect again\r\n");
    co_await std::move(saying);
    visit.reason = "a bug of ours";
  }
  visit.watch.reset();
  hall.log.write(events::imap_closed, {.account = visit.who.address,
                                       .client = visit.who.client_address,
                                       .listener = visit.who.listener,
                                       .octets = visit.stream->octets_written(),
                                       .reason = visit.reason});
  auto closing = visit.stream->close(hall.loop.after(close_limit));
  co_await std::move(closing);
}

void dismiss_all(Hall& hall) {
  hall.stopping = true;
  for (auto* hook = hall.sessions.next(); hook != &hall.sessions; hook = hook->next()) {
    static_cast<IdleSession*>(hook)->say_goodbye("The server is stopping; please connect again");
  }
}

namespace {

using Versions = std::vector<std::pair<AccountId, storage::Version>>;

// The accounts of which somebody waits for news, each once, with the version seen last.
Versions awaited(Hall& hall) {
  Versions versions;
  for (auto* hook = hall.sessions.next(); hook != &hall.sessions; hook = hook->next()) {
    const auto& session = *static_cast<IdleSession*>(hook);
    if (session.waits_for_change) versions.emplace_back(session.account, session.version);
  }
  return versions;
}

void ring_changed(Hall& hall, const Versions& now) {
  std::map<AccountId, storage::Version> by_account(now.begin(), now.end());
  for (auto* hook = hall.sessions.next(); hook != &hall.sessions; hook = hook->next()) {
    auto& session = *static_cast<IdleSession*>(hook);
    const auto found = by_account.find(session.account);
    if (found == by_account.end()) continue;
    const bool missed = session.version.value() != 0 && session.version != found->second;
    session.version = found->second;
    if (missed) session.ring();
  }
}

}  // namespace

Task<void> watch_over(Hall& hall, std::function<bool(AccountId, WallTime)> may_read) {
  while (!hall.loop.stopping()) {
    const auto woken = co_await hall.loop.sleep_until(hall.loop.after(1s));
    if (woken == io::Wake::Cancelled) co_return;
    for (auto* hook = hall.sessions.next(); hook != &hall.sessions; hook = hook->next()) {
      auto& session = *static_cast<IdleSession*>(hook);
      if (!may_read(session.account, session.began)) session.say_goodbye("This account may not read mail any more");
    }
    auto versions = awaited(hall);
    if (versions.empty()) continue;
    auto looking = hall.workers.run(hall.loop, [&] {
      for (auto& [account, version] : versions) {
        const auto now = hall.shared.mailboxes.version(account, hall.loop.now() + 500ms);
        if (now) version = *now;
      }
    });
    const auto looked = co_await std::move(looking);
    if (looked) ring_changed(hall, versions);
  }
}

Task<void> give_memory_back(Hall& hall) {
  std::uint64_t seen = hall.requests;
  while (!hall.loop.stopping()) {
    const auto woken = co_await hall.loop.sleep_until(hall.loop.after(10s));
    if (woken == io::Wake::Cancelled) co_return;
    if (seen == hall.requests) continue;
    seen = hall.requests;
    auto trimming = hall.workers.run(hall.loop, [] { return ::malloc_trim(0); });
    const auto trimmed = co_await std::move(trimming);
    (void)trimmed;  // all workers busy: another time
  }
}

}  // namespace hikyaku::apps::imap_store
