// E-Post's envelope file BNNNNNNNNNN.RCP (docs: reference page of the import command): text, one field a line,
//   Message-ID: <B0000123456@mx.example.jp>
//   Return-path: alice@example.jp          (nothing or <>: the null sender)
//   Recipient: bob@example.net
// and the retry data Domain.mri beside those of a domain. Pure, bounded, linear.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/address.h"

namespace hikyaku::epost_spool {

inline constexpr std::size_t most_rcp_octets = 16 << 20;
inline constexpr std::size_t most_rcp_recipients = 100'000;

struct Envelope {
  std::string message_id;  // with its angle brackets; empty: not given
  ReversePath reverse_path;
  std::vector<Address> recipients;  // each once, in order
  friend bool operator==(const Envelope&, const Envelope&) = default;
};

struct Damage {
  std::size_t line = 0;  // from 1; 0: the whole file
  std::string what;
};

// Line ends CRLF or LF, field names in any case, addresses with or without angle brackets; unknown fields are passed over.
// Damage: an address that is none, no sender, no recipient, octets that are no text. Nothing is guessed: a damaged
// envelope is for a person to look at.
[[nodiscard]] Result<Envelope, Damage> parse_rcp(std::string_view text);
[[nodiscard]] std::string print_rcp(const Envelope& envelope);

// A temporary beside a pair ($CP, $OK, $NG): the recipients it names, as Recipient fields or one address a line. Damage
// when it names none, or has a line that says nothing to us.
[[nodiscard]] Result<std::vector<Address>, Damage> parse_recipient_list(std::string_view text);

struct DomainRetry {
  std::string domain;
  std::uint32_t last_tried = 0;  // low 32 bits of the seconds since 1601: no absolute time (it wrapped in 2009)
  std::uint32_t tries = 0;
  std::uint32_t error_code = 0;  // last SMTP code; 0: no answer
  friend bool operator==(const DomainRetry&, const DomainRetry&) = default;
};
[[nodiscard]] Result<DomainRetry, Damage> parse_domain_mri(std::string_view text);
[[nodiscard]] std::string print_domain_mri(const DomainRetry& retry);

}  // namespace hikyaku::epost_spool
