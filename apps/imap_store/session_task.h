// One IMAP session of imap-store: the pure imap::Session, a plain stream from the front, and the mailboxes behind
// io::Workers, joined by one coroutine.
#pragma once

#include <memory>
#include <string>

#include "apps/front/hand_over.h"
#include "apps/imap_store/idle_sessions.h"
#include "apps/imap_store/requests.h"
#include "io/connection.h"
#include "io/workers.h"
#include "protocol/imap/session.h"
#include "services/telemetry/log.h"

namespace hikyaku::apps::imap_store {

// What all sessions of one loop share; outlives them.
struct Hall {
  io::Loop& loop;
  io::Workers& workers;
  Shared& shared;
  telemetry::Log& log;
  Duration idle_limit = 30min;
  std::shared_ptr<const imap::SessionSettings> settings;  // new sessions take the one of the moment
  io::Hook sessions;                                      // of IdleSession
  bool stopping = false;
  std::uint64_t requests = 0;                             // carried out since the start
};

Task<void> serve_session(Hall& hall, front::LoggedIn who, std::unique_ptr<io::Connection> stream);

// Looks once a second until the loop stops: changed accounts, and accounts that may no longer read
// (`may_read`, told when the session began, called on the loop's thread, must not wait).
Task<void> watch_over(Hall& hall, std::function<bool(AccountId, WallTime)> may_read);

// Gives back to the system, on a worker, what requests have left free between the memory of idle sessions: looks every
// ten seconds until the loop stops, and does nothing while nothing was asked. After a burst of logins this is nine tenths
// of the process.
Task<void> give_memory_back(Hall& hall);

// An orderly stop: every session says goodbye.
void dismiss_all(Hall& hall);

}  // namespace hikyaku::apps::imap_store
