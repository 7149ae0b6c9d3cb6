// The steps that the two halves of the POP3 conversation share.
#pragma once

#include <string>

namespace hikyaku::pop3 {

struct NeedInput {};                 // wait for the client
struct Send { std::string octets; };  // write this, in order
struct Close {};                     // hang up

}  // namespace hikyaku::pop3
