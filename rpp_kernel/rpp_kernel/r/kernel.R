# Runs IRkernel with our functions at hand. Outputs come as text, table and PNG: nothing else is reviewed.
local({
  functions <- new.env(parent = globalenv())
  here <- dirname(sys.frame(1)$ofile)
  sys.source(file.path(here, "rpp.R"), envir = functions)
  attach(functions, name = "package:rpp", warn.conflicts = FALSE)
})
options(
  jupyter.display_mimetypes = c("text/plain", "text/html", "image/png"),
  jupyter.plot_mimetypes = "image/png",
  stringsAsFactors = FALSE
)
IRkernel::main(commandArgs(trailingOnly = TRUE)[[1]])
