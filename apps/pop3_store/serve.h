// One POP3 session over its stream and its maildrop; for run_pop3_store() and tests.
#pragma once

#include <functional>
#include <memory>

#include "apps/front/hand_over.h"
#include "io/connection.h"
#include "io/wait.h"
#include "io/workers.h"
#include "services/mailboxes/mailboxes.h"
#include "services/telemetry/log.h"

namespace hikyaku::apps {

struct Pop3Store {
  io::Loop& loop;
  io::Workers& workers;
  mailboxes::Mailboxes& store;
  telemetry::Log& log;
  Duration idle = 10min;            // silence after which a session ends without deleting
  Duration store_limit = 60s;       // for one answer of the store
  // Whether a session that began then may go on; never waits. None: always.
  std::function<bool(AccountId account, WallTime began)> may_read = {};
  io::Hook sessions = {};           // those that are open, on the loop's thread
};

// Runs to the end of the session. What it refers to must outlive it.
Task<void> serve_pop3(Pop3Store& around, front::LoggedIn who, std::unique_ptr<io::Connection> stream);

// Looks once a second until the loop stops, and ends the sessions that may not go on (DESIGN §4.1): without deleting, and without a word, for POP3 has none
// but answers.
Task<void> watch_over(Pop3Store& around);

}  // namespace hikyaku::apps
