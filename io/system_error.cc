#include "io/system_error.h"

#include <cstring>

namespace hikyaku::io {

std::string words_of_errno(int error) {
  char buffer[128] = {};
  return strerror_r(error, buffer, sizeof buffer);  // the GNU form: the returned text need not be in the buffer
}

std::string describe_errno(const char* call, std::string_view subject, int error) {
  std::string sentence = call;
  if (!subject.empty()) sentence.append(" ").append(subject);
  return sentence.append(": ").append(words_of_errno(error));
}

}  // namespace hikyaku::io
