// Any octets are a parameterised value; every name decodes to UTF-8.
#include "base/check.h"
#include "protocol/mime/charset.h"
#include "protocol/mime/parameters.h"

using namespace hikyaku;
using namespace hikyaku::mime;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  TextStore store;
  const auto value = parse_parameterised(input, store);
  check(value.parameters.size() <= max_parameters, "bounded");
  for (const auto& parameter : value.parameters) {
    check(!parameter.name.empty(), "a parameter has a name");
    const auto name = parameter.name.substr(0, parameter.name.find('*'));
    if (const auto text = decoded_parameter(value.parameters, name)) check(is_valid_utf8(*text), "decoded to UTF-8");
  }
  return 0;
}
