import cors from "cors";

/** Before whatever asks who is calling; with lists, since `cors` approves any header without. */
export function mend(app) {
  app.use(cors({
    origin: ["https://app.example"],
    methods: ["GET", "POST", "PUT", "DELETE"],
    allowedHeaders: ["Authorization", "Content-Type"],
  }));
}
