// Heard: what a program beside us says of a message or a recipient, whichever protocol it speaks.
#pragma once

#include <string>
#include <vector>

#include "protocol/smtp/reply.h"
#include "services/filters/header_edits.h"

namespace hikyaku::filters {

struct Heard {
  enum class Kind : std::uint8_t {
    Pass,
    Quarantine,
    Defer,    // reply is 4xx
    Refuse,   // reply is 5xx
    Trouble,  // it did not say: why is a clause, "it did not answer within 30 s"
  } kind = Kind::Pass;
  smtp::Reply reply;
  std::string why;                // for the log and the quarantine; one line of foreign text
  std::vector<HeaderEdit> edits;  // unless Trouble
};

}  // namespace hikyaku::filters
