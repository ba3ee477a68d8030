from __future__ import annotations
import re
from pyiceberg.schema import Schema
from pyiceberg.types import *
from pyiceberg.partitioning import PartitionSpec, PartitionField
from pyiceberg.transforms import *
P={"string":StringType,"int":IntegerType,"long":LongType,"double":DoubleType,"boolean":BooleanType,"date":DateType,"timestamp":TimestamptzType,"binary":BinaryType}
def _t(t, n):
    if t in P: return P[t]()
    m=re.fullmatch(r"list<(.+)>",t)
    if m: return ListType(element_id=next(n), element_type=_t(m[1],n), element_required=False)
    m=re.fullmatch(r"map<string,(.+)>",t)
    if m: return MapType(key_id=next(n), key_type=StringType(), value_id=next(n), value_type=_t(m[1],n), value_required=False)
    raise ValueError(t)
def to_schema(spec):
    import itertools
    n=itertools.count(1000)
    return Schema(*[NestedField(i, c.name, _t(c.type,n), required=c.required, doc=c.means) for i,c in enumerate(spec.columns.values(),1)])
def to_partition_spec(spec, schema):
    T={"hour":HourTransform(),"day":DayTransform(),"month":MonthTransform(),"identity":IdentityTransform()}
    return PartitionSpec(*[PartitionField(schema.find_field(p.column).field_id, 1000+i, T[p.transform], f"{p.column}_{p.transform}" if p.transform!="identity" else p.column) for i,p in enumerate(spec.partition_by)])
def to_table_properties(spec):
    return {"format-version":"2","write.summary.partition-limit":"100","write.metadata.delete-after-commit.enabled":"true","write.distribution-mode":"hash" if spec.partition_by else "none","write.metadata.metrics.column."+(spec.event_time or "none"):"full"}
