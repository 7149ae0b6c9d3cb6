// What is to be told now, and to whom, of those who were put off: administrators before a likely honest sender gives up, recipients when one has.
// Pure; explains nothing and writes nothing.
#pragma once

#include <vector>

#include "services/refusals/told.h"

namespace hikyaku::refusals {

enum class Wanted : std::uint8_t { No, Yes };

struct Terms {
  Wanted notices = Wanted::Yes;          // to administrators
  Wanted recipients = Wanted::No;        // are told
  int likely_percent = 60;               // how likely a sender must be honest
  std::chrono::seconds before{30 * 60};  // how long before its usual end
};

// An encrypted copy of its mail in escrow (docs/adr/0035-escrow.md).
struct KeptCopy {
  std::string id;
  WallTime until{};
};

struct Row {
  const policy::LedgerEntry* entry = nullptr;
  policy::Likelihood likely;
  std::vector<KeptCopy> copies = {};  // plan() and digest_rows() look for none
};

struct Plan {
  std::vector<Row> giving_up;  // for administrators: whoever gives up first, first
  std::vector<Row> given_up;   // by recipient
};
inline constexpr std::size_t most_notice_rows = 50, most_given_up_rows = 1'000;  // the rest is told next time

// Each entry once (`told`). Nobody is told of a single try: servers come again.
[[nodiscard]] Plan plan(const policy::Ledger& ledger, const Told& told, const Terms& terms, WallTime now);

// For the digest: who tried in that time and has not come in, likely honest ones first.
inline constexpr std::size_t most_digest_rows = 300;
struct DigestRows {
  std::vector<Row> rows;
  std::size_t left_out = 0;
};
[[nodiscard]] DigestRows digest_rows(const policy::Ledger& ledger, WallTime from, WallTime until);

}  // namespace hikyaku::refusals
