// Suspension: an account that may not send, because somebody else seems to, or did. Reading goes on. Part of the directory, so that every service
// sees it within a second and a restart changes nothing. What was queued waits under a hold made in the same commit.
//
// The row stays after the release: it says until when logins are void, and whether a stranger had been there.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "services/directory/types.h"

namespace hikyaku::directory {

struct Suspension {
  AccountId account;
  Enabled in_force = Enabled::Yes;
  WallTime since{};         // of the newest
  std::string by;           // "auth", or the operator
  std::string why;          // one sentence, printable
  std::uint64_t hold = 0;   // of what it had queued; 0: none
  WallTime sessions_end{};  // sessions, tickets and logins of before count no more; zero: never ended
  WallTime released{};      // the newest release; zero: none
  friend bool operator==(const Suspension&, const Suspension&) = default;
};
inline constexpr std::string_view suspended_by_auth = "auth";
inline constexpr std::size_t longest_suspension_text = 500;

}  // namespace hikyaku::directory
