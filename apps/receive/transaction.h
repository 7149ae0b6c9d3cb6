// What the rules and filters have said so far of the open transaction. New at MAIL, gone when the session waits with none open: an idle one pays nothing for it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protocol/smtp/reply.h"
#include "services/filters/milter.h"
#include "services/policy/attempt.h"

namespace hikyaku::receive {

struct Transaction {
  // Of a recipient who has terms of his own.
  struct CopyTerms {
    bool spared = false;
    std::uint64_t most_octets = 0, room_octets = ~0ULL;
  };
  // A recipient of whom escrow keeps a copy was told 250, and hears `reply` after the text.
  struct Escrowed {
    smtp::Reply reply;
    std::string why;
  };
  struct Refusal {
    std::string rule, evidence, client_name;
  };

  policy::SenderIs sender_is = policy::SenderIs::Foreign;
  Refusal refused_by;  // of the recipient being checked; empty: by no rule
  std::uint64_t most_octets = 0;  // of the recipient taken last, by the rules of accounts, and so of all of them unless each is answered; 0: as for all
  std::map<std::string, CopyTerms> terms;
  std::map<std::string, Escrowed> escrowed;
  bool spared = false;  // all recipients are such as no rule refuses
  std::string scope;    // of the first of them (Session::Judged)
  bool content_acts = false;  // rows of content did more than let pass, when one of them was judged
  // Milters that are asked at RCPT, and what policy servers want of its message.
  std::vector<std::unique_ptr<filters::MilterTalk>> milters;
  std::vector<std::string> prepended;  // fields
  std::vector<std::pair<std::string, std::string>> kept_back;  // recipient, why: its copy goes into quarantine
};

}  // namespace hikyaku::receive
